// Stops the clock of a Node process at LAB_CLOCK, milliseconds since 1970: the Serverless Framework names what it
// uploads, and each deployment of a REST API, after the time.

const stopped = Number(process.env.LAB_CLOCK)

globalThis.Date = class extends Date {
  constructor(...given) {
    super(...(given.length ? given : [stopped]))
  }

  static now() {
    return stopped
  }
}
