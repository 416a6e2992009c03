import { spawn } from 'node:child_process'
import { BytesValue, SecretsError, type SecretValue, TextValue } from '@keyplane/core'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../ports/rotator.ts'

export interface CommandRotatorOptions {
  /** The program, found by its path or by the `PATH` of `env`, and its arguments. No shell is in between. */
  readonly command: readonly [program: string, ...parameters: string[]]
  /** All of its environment. Default: none. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The registry name, where there are several. Default `command`. */
  readonly name?: string
  /** Whether it can set a credential where none that is stored is accepted. Default false. */
  readonly repairs?: boolean
  /** Whether the old credential stays accepted until `retire`. Default false: there can be no canary. */
  readonly overlaps?: boolean
  /** Default 1 MiB; a longer answer is none. */
  readonly maxAnswerBytes?: number
}

/** A value as it crosses: a text, or bytes in base64. */
type WireValue = { readonly text: string } | { readonly base64: string }

type Step = 'create' | 'set' | 'test' | 'revert' | 'retire' | 'discard'

/** What the program reads: one JSON document, then the end of its input. */
interface Question {
  readonly step: Step
  readonly secretId: string
  readonly rotationId: string
  readonly pendingVersion: string
  readonly fence: number
  /** All steps but `test`. */
  readonly current?: WireValue
  /** `set`, `revert`, `retire`, `discard`. */
  readonly pending?: WireValue
  /** `test`. */
  readonly value?: WireValue
}

/**
 * Credentials that a program of yours changes, one process a step. It answers with one JSON document and exit code 0:
 * `{"value":{"text":"…"}}` to `create`, `{"outcome":"accepted"}` or `{"outcome":"refused"}` to `set` and `test`, `{}` to
 * `revert`, `retire` and `discard`. Any other exit code or answer means that nothing is known, and the step comes again. Values are
 * never in its arguments; what it writes to stderr is dropped, as one may be in it.
 */
export const commandRotator = (options: CommandRotatorOptions): Rotator => new CommandRotator(options)

class CommandRotator implements Rotator {
  readonly name: string
  readonly repairs: boolean
  readonly overlaps?: true
  readonly #options: CommandRotatorOptions

  constructor(options: CommandRotatorOptions) {
    this.#options = options
    this.name = options.name ?? 'command'
    this.repairs = options.repairs ?? false
    if (options.overlaps) this.overlaps = true
  }

  async create(call: RotatorCall, current: SecretValue): Promise<SecretValue> {
    const { value, ...rest } = await this.#ask(call, 'create', { current: wireValue(current) })
    const made = valueOf(value)
    if (made && isEmpty(rest)) return made
    throw badAnswer('create', 'is not {"value":{"text":…}} or {"value":{"base64":…}}')
  }

  async set(call: RotatorCall, credentials: Credentials): Promise<Acceptance> {
    return acceptance('set', await this.#change(call, 'set', credentials))
  }

  async test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    return acceptance('test', await this.#ask(call, 'test', { value: wireValue(value) }))
  }

  revert(call: RotatorCall, credentials: Credentials): Promise<void> {
    return this.#done(call, 'revert', credentials)
  }

  retire(call: RotatorCall, credentials: Credentials): Promise<void> {
    return this.#done(call, 'retire', credentials)
  }

  discard(call: RotatorCall, credentials: Credentials): Promise<void> {
    return this.#done(call, 'discard', credentials)
  }

  async #done(call: RotatorCall, step: Step, credentials: Credentials): Promise<void> {
    if (!isEmpty(await this.#change(call, step, credentials))) throw badAnswer(step, 'is not {}')
  }

  #change(call: RotatorCall, step: Step, { current, pending }: Credentials): Promise<Answer> {
    call.requireLease()
    return this.#ask(call, step, { current: wireValue(current), pending: wireValue(pending) })
  }

  async #ask(call: RotatorCall, step: Step, values: Partial<Question>): Promise<Answer> {
    const { secretId, rotationId, pendingVersion, fence, signal } = call
    const question: Question = { step, secretId, rotationId, pendingVersion, fence, ...values }
    const text = await output(this.#options, { input: JSON.stringify(question), step, signal })
    try {
      const parsed: unknown = JSON.parse(text)
      if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Answer
    } catch {
      // As for any other answer that is none.
    }
    throw badAnswer(step, 'is no JSON object')
  }
}

type Answer = Readonly<Record<string, unknown>>

interface Run {
  readonly input: string
  readonly step: Step
  readonly signal: AbortSignal
}

const defaultMaxBytes = 1_048_576

/** What the program writes. It and all that it started end with the signal. */
const output = (options: CommandRotatorOptions, { input, step, signal }: Run): Promise<string> =>
  new Promise((resolve, reject) => {
    const [program, ...parameters] = options.command
    const { env = {}, cwd, maxAnswerBytes = defaultMaxBytes } = options
    signal.throwIfAborted()
    const child = spawn(program, parameters, {
      env: { ...env },
      ...(cwd !== undefined && { cwd }),
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    })
    const kill = (): void => killGroup(child.pid)
    signal.addEventListener('abort', kill, { once: true })
    const chunks: Buffer[] = []
    let bytes = 0
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes > maxAnswerBytes) kill()
    })
    child.on('error', (cause: NodeJS.ErrnoException) => reject(notStarted(program, cause.code)))
    child.on('close', (code, ended) => {
      signal.removeEventListener('abort', kill)
      if (signal.aborted) return reject(signal.reason)
      if (bytes > maxAnswerBytes) return reject(badAnswer(step, `is longer than ${maxAnswerBytes} bytes`))
      if (code !== 0) return reject(failed(step, code ?? ended))
      resolve(Buffer.concat(chunks).toString('utf8'))
    })
    // A program that does not read its input to the end says by its exit code whether that is all right.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

const wireValue = (value: SecretValue): WireValue =>
  value.kind === 'text' ? { text: value.reveal() } : { base64: Buffer.from(value.reveal()).toString('base64') }

const valueOf = (wire: unknown): SecretValue | undefined => {
  if (typeof wire !== 'object' || wire === null || Object.keys(wire).length !== 1) return undefined
  const { text, base64 } = wire as { readonly text?: unknown; readonly base64?: unknown }
  if (typeof text === 'string') return new TextValue(text)
  if (typeof base64 !== 'string' || !/^[\w+/]*={0,2}$/.test(base64)) return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? new BytesValue(bytes) : undefined
}

const isEmpty = (answer: object): boolean => Object.keys(answer).length === 0

const acceptance = (step: Step, { outcome, ...rest }: Answer): Acceptance => {
  if ((outcome === 'accepted' || outcome === 'refused') && isEmpty(rest)) return outcome
  throw badAnswer(step, 'is neither {"outcome":"accepted"} nor {"outcome":"refused"}')
}

const badAnswer = (step: Step, why: string): SecretsError =>
  new SecretsError('bad_response', `The rotation command's answer to ${step} ${why}.`, { reason: 'command_answer' })

const failed = (step: Step, how: number | string | null): SecretsError =>
  new SecretsError('unavailable', `The rotation command failed at ${step} (${how}).`, { reason: 'command_failed' })

const notStarted = (program: string, code = 'unknown'): SecretsError =>
  new SecretsError('source_misconfigured', `The rotation command ${JSON.stringify(program)} can't be run (${code}).`, {
    reason: 'command_missing',
  })
