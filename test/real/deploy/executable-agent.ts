import { writeFileSync } from 'node:fs'
import { AwsDouble } from '../../../packages/agent/test/aws-double.ts'
import {
  bareEnvironment,
  type Finished,
  RunningProcess,
  runProgram,
} from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'

export const token = 'a token of this test'

export interface StartOptions {
  /** The whole configuration, but the port. Default: flat keys, with `own` in `[keyplane]`. */
  readonly toml?: string
  readonly own?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** An executable in a folder of its own, in front of a double of AWS. */
export class ExecutableAgent {
  readonly folder: ScratchFolder = new ScratchFolder()
  readonly aws: AwsDouble = new AwsDouble()
  readonly #executable: string
  readonly #running: RunningProcess[] = []
  endpoint = ''
  url = ''

  constructor(executable: string) {
    this.#executable = executable
  }

  async prepare(): Promise<this> {
    this.aws.add('one', 'first')
    this.endpoint = await this.aws.listen()
    writeFileSync(this.folder.at('token'), `${token}\n`)
    return this
  }

  get environment(): Readonly<Record<string, string | undefined>> {
    return {
      ...bareEnvironment(this.folder.path),
      AWS_TOKEN: `file://${this.folder.at('token')}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'canary-key',
    }
  }

  /** Its start with arguments, to its end. */
  run(args: readonly string[], name: string = this.#executable): Promise<Finished> {
    return runProgram(name, args, { cwd: this.folder.path, env: this.environment })
  }

  async start({ toml = 'http_port = 0\n', own = '', args = [], env = {} }: StartOptions = {}): Promise<RunningProcess> {
    const table = /^\[keyplane\]/m.test(toml) ? '' : `\n[keyplane]\nendpoint = "${this.endpoint}"\n${own}`
    writeFileSync(this.folder.at('agent.toml'), `${toml}${table}`)
    const process = new RunningProcess(this.#executable, [...args, '--config', 'agent.toml'], {
      cwd: this.folder.path,
      env: { ...this.environment, ...env },
    })
    this.#running.push(process)
    this.url = /http:\S+/.exec(await process.firstLine())?.[0] ?? ''
    return process
  }

  async get(target: string, shown: string = token): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.url}${target}`, { headers: { 'X-Vault-Token': shown } })
    return { status: response.status, text: await response.text() }
  }

  read(secretId = 'one', shown: string = token): Promise<{ readonly status: number; readonly text: string }> {
    return this.get(`/secretsmanager/get?secretId=${secretId}`, shown)
  }

  async remove(): Promise<void> {
    for (const process of this.#running.splice(0)) await process.stop('SIGKILL')
    await this.aws.close()
    this.folder.remove()
  }
}
