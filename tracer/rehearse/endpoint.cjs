// Sends the calls of AWS's SDK for JavaScript, version 2, to AWS_ENDPOINT_URL, which that version does not know.
// A process is given it with NODE_OPTIONS="--require .../endpoint.cjs"; the project that it deploys stays as it is.

const Module = require('node:module')

const endpoint = process.env.AWS_ENDPOINT_URL
const load = Module._load

Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest)
  if (endpoint && /^aws-sdk(\/|$)/.test(request) && loaded && loaded.Service) {
    redirect(loaded.Service.prototype)
  }
  return loaded
}

function redirect(service) {
  if (service.initialize.redirected) {
    return
  }
  const initialize = service.initialize
  service.initialize = function (config) {
    return initialize.call(this, { ...config, endpoint, s3ForcePathStyle: true })
  }
  service.initialize.redirected = true
}
