// Reads JSON Lines {"policies": [...], "calls": [{"action", "resource", "context", "principal"}...]} and answers each
// with a line: for each call "Allowed", "ImplicitlyDenied", "ExplicitlyDenied", or "error: ..." where the call or a
// policy is none.
//
//     node judge.mjs FOLDER     FOLDER: where node_modules lies

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const require = createRequire(join(process.argv[2], 'package.json'))
const { runSimulation, runUnsafeSimulation } = await import(
  pathToFileURL(require.resolve('@cloud-copilot/iam-simulate'))
)

// A key's own policy says whether IAM policies count for it. This one, which keys have by default, lets them:
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
function keyPolicy(call) {
  const root = `arn:aws:iam::${call.principal.split(':')[4]}:root`
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' }]
  }
}

async function decide(policies, call) {
  const simulation = {
    request: {
      principal: call.principal,
      action: call.action,
      resource: { resource: call.resource, accountId: call.principal.split(':')[4] },
      contextVariables: call.context
    },
    identityPolicies: policies.map((policy, place) => ({ name: String(place), policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }
  if (call.action.startsWith('kms:') && call.resource.includes(':key/')) {
    simulation.resourcePolicy = keyPolicy(call)
  }
  if (call.unchecked) {
    return runUnsafeSimulation(simulation, {})
  }
  const answer = await runSimulation(simulation, {})
  return answer.resultType === 'error' ? `error: ${JSON.stringify(answer.errors)}` : answer.overallResult
}

for await (const line of createInterface({ input: process.stdin })) {
  const { policies, calls } = JSON.parse(line)
  const answers = []
  for (const call of calls) {
    answers.push(await decide(policies, call))
  }
  process.stdout.write(JSON.stringify(answers) + '\n')
}
