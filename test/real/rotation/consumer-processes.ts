import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Heartbeat, revealText } from '@keyplane/core'
import { type Receipts, type RotationJournal, type VersionFor, versionForConsumer } from '@keyplane/rotation'
import type { MemoryVersions } from '@keyplane/rotation/testing'

/** What a consumer's process says. */
export type Report =
  | { readonly kind: 'read'; readonly number: number; readonly stage: string }
  | { readonly kind: 'heartbeat'; readonly number: number; readonly heartbeat: Heartbeat }
  | { readonly kind: 'login'; readonly failure?: string }

/** What it is answered. */
export interface Answer {
  readonly number: number
  readonly version?: { readonly versionId: string; readonly text: string }
}

export interface ConsumerProcess {
  readonly id: string
  readonly child: ChildProcess
  /** How each login went; nothing where it was had. */
  readonly logins: (string | undefined)[]
}

export interface ConsumerParts {
  readonly secretId: string
  readonly versions: MemoryVersions
  readonly receipts: Receipts
  readonly journal: RotationJournal
  /** Where they log in to PostgreSQL, whatever the secret says. Default: they log in to Redis. */
  readonly database?: string
}

const program = fileURLToPath(new URL('./consumer-process.ts', import.meta.url))

/** Processes that use a secret, and the source that they have it from. */
export class ConsumerProcesses {
  readonly #parts: ConsumerParts
  readonly #versionFor: VersionFor
  readonly all: ConsumerProcess[] = []
  readonly #farewells: Promise<void>[] = []

  constructor(parts: ConsumerParts) {
    this.#parts = parts
    this.#versionFor = versionForConsumer(parts)
  }

  start(id: string): ConsumerProcess {
    const { secretId, database = '' } = this.#parts
    const execArgv = ['-C', 'source', '--disable-warning=ExperimentalWarning']
    const child = fork(program, [id, secretId, database], { execArgv })
    const consumer = { id, child, logins: [] as (string | undefined)[] }
    child.on('message', (report: Report) => void this.#heard(consumer, report))
    this.#farewells.push(this.#farewell(consumer))
    this.all.push(consumer)
    return consumer
  }

  /** Failed logins, of all. */
  get failures(): readonly (string | undefined)[] {
    return this.all.flatMap(({ logins }) => logins.filter((failure) => failure !== undefined))
  }

  /** Ends them in order; who does not wake for it is killed. */
  async stop(): Promise<void> {
    for (const { child } of this.all) {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
    }
    const late = setTimeout(() => this.all.forEach(({ child }) => child.kill('SIGKILL')), 5_000)
    await Promise.all(this.#farewells)
    clearTimeout(late)
  }

  /** Whoever sees a process die says it in its place. */
  async #farewell({ id, child }: ConsumerProcess): Promise<void> {
    await new Promise((resolve) => child.once('exit', resolve))
    await this.#parts.receipts.receive({ consumer: { id, name: id }, everyMs: 1, receipts: [], ends: true })
  }

  async #heard({ id, child, logins }: ConsumerProcess, report: Report): Promise<void> {
    if (report.kind === 'login') return void logins.push(report.failure)
    const { number } = report
    if (report.kind === 'heartbeat') await this.#parts.receipts.receive(report.heartbeat)
    const version = report.kind === 'read' ? await this.#versionOf(id, report.stage) : undefined
    if (child.connected) child.send({ number, ...(version && { version }) } satisfies Answer)
  }

  async #versionOf(id: string, stage: string): Promise<Answer['version']> {
    const { versions, secretId } = this.#parts
    const first = stage === 'current' ? await this.#versionFor(secretId, id) : undefined
    const versionId = first ?? versions.stages.get(stage as 'current')
    const value = versionId === undefined ? undefined : versions.values.get(versionId)
    return versionId !== undefined && value ? { versionId, text: revealText(value) } : undefined
  }
}
