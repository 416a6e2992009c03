import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { RunningProcess } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { requiredTool } from '../required-tool.ts'

type Members = Readonly<Record<string, unknown>>

/** What OpenBao answered to a call of the test's own, made with the root token. */
export interface BaoAnswer {
  readonly status: number
  readonly body: Members
}

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

export const untilTrue = async (what: string, check: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> => {
  const endMs = performance.now() + timeoutMs
  while (!(await check().catch(() => false))) {
    if (performance.now() > endMs) throw new Error(`Not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** OpenBao as a process of its own on a free port, its data and audit log in a folder that goes with it. */
export class BaoServer {
  readonly folder: ScratchFolder = new ScratchFolder()
  readonly #program: 'bao' | 'bao-2.6'
  readonly rootToken: string = `root-${randomBytes(12).toString('hex')}`
  port = 0
  process: RunningProcess | undefined

  /** @param program the release. Default: the one that is used everywhere. */
  constructor(program: 'bao' | 'bao-2.6' = 'bao') {
    this.#program = program
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** In memory, unsealed, a KV of version 2 at `secret`. Started again it is where it was, and has nothing of what it had. */
  async startDev(): Promise<this> {
    this.port ||= await freePort()
    const listen = `-dev-listen-address=127.0.0.1:${this.port}`
    await this.start(['-dev', '-dev-no-store-token', `-dev-root-token-id=${this.rootToken}`, listen], '')
    return this
  }

  /**
   * The audit log's path is relative: a standby whose audit section differs from its leader's by a letter answers no
   * read by itself.
   * @param more configuration beside the audit log.
   */
  async start(args: readonly string[], more: string): Promise<void> {
    writeFileSync(
      this.folder.at('bao.hcl'),
      `audit "file" "file" {
  description = "every request"
  options {
    file_path = "audit.log"
    mode      = "0600"
  }
}
${more}`,
    )
    const config = `-config=${this.folder.at('bao.hcl')}`
    const env = { PATH: '/usr/bin:/bin', HOME: this.folder.path }
    this.process = new RunningProcess(requiredTool(this.#program), ['server', config, ...args], {
      cwd: this.folder.path,
      env,
    })
    const early = this.process.finished.then(({ code, stdout, stderr }): never => {
      throw new Error(`bao ended with ${code}: ${stderr} ${stdout.slice(-2_000)}`)
    })
    await Promise.race([early, untilTrue('OpenBao answers', () => this.isReady())])
  }

  /** A call with the root token. */
  async call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<BaoAnswer> {
    const response = await fetch(`${this.endpoint}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': this.rootToken, 'content-type': 'application/json', ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(10_000),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Members) }
  }

  /** A call that has to work, with its data. */
  async done(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Members> {
    const answer = await this.call(method, path, body, headers)
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** How often the audit log has a request to this path, answered or refused. */
  asked(path: string): number {
    return readFileSync(this.folder.at('audit.log'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"type":"request"') && line.includes(`"path":"${path}"`)).length
  }

  get auditLog(): string {
    return readFileSync(this.folder.at('audit.log'), 'utf8')
  }

  /** Stops the process where it stands; each of its threads takes a moment to. */
  async pause(): Promise<void> {
    this.process?.child.kill('SIGSTOP')
    const tasks = `/proc/${this.process?.pid ?? 0}/task`
    const state = (task: string): string => /\) (\w) /.exec(readFileSync(`${tasks}/${task}/stat`, 'utf8'))?.[1] ?? ''
    await untilTrue('it stands still', async () => readdirSync(tasks).every((task) => state(task) === 'T'))
  }

  resume(): void {
    this.process?.child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const running = this.process
    this.process = undefined
    if (!running) return
    running.child.kill('SIGCONT')
    await running.stop('SIGKILL')
  }

  async remove(): Promise<void> {
    await this.kill()
    this.folder.remove()
  }

  protected async isReady(): Promise<boolean> {
    return (await this.call('GET', 'auth/token/lookup-self')).status === 200
  }
}
