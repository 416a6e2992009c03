import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { keyplane, type RunningProcess } from '../../../packages/cli/test/keyplane-process.ts'
import type { RealPlane } from '../start-plane.ts'

/** A port that was free a moment ago. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

export interface AgentAnswer {
  readonly status: number
  readonly text: string
}

/** `keyplane agent --config FILE` as a process of its own, in front of a plane's store, by the AWS agent's flat TOML. */
export class TomlAgent {
  readonly #plane: RealPlane
  process: RunningProcess | undefined
  port = 0

  constructor(plane: RealPlane) {
    this.#plane = plane
  }

  /** @param options of the AWS agent; `own` of the table `[keyplane]`; `more` of the process's environment. */
  async start(options = '', own = '', more: Readonly<Record<string, string>> = {}): Promise<this> {
    this.port = await freePort()
    writeFileSync(
      this.#plane.folder.at('agent.toml'),
      `http_port = ${this.port}
region = "us-east-1"
ttl_seconds = 1
log_level = "DEBUG"
${options}
[keyplane]
endpoint = "${this.#plane.facts.storeUrl}"
${own}
`,
    )
    writeFileSync(this.#plane.folder.at('token'), ' a token of this test \n')
    const env = { ...this.#plane.awsEnvironment, AWS_TOKEN: `file://${this.#plane.folder.at('token')}`, ...more }
    this.process = keyplane(['agent', '--config', 'agent.toml'], { cwd: this.#plane.cwd, env })
    await this.process.firstLine()
    return this
  }

  async read(secretId: string): Promise<AgentAnswer> {
    const headers = { 'X-Aws-Parameters-Secrets-Token': 'a token of this test' }
    const url = `http://127.0.0.1:${this.port}/secretsmanager/get?secretId=${encodeURIComponent(secretId)}`
    const response = await fetch(url, { headers })
    return { status: response.status, text: await response.text() }
  }

  get log(): string {
    return readFileSync(this.#plane.folder.at('logs', 'secrets_manager_agent.log'), 'utf8')
  }

  async stop(): Promise<number> {
    const finished = await this.process?.stop()
    this.process = undefined
    return finished?.code ?? 0
  }
}
