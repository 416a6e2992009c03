import {
  type CallOptions,
  SecretsError,
  type SecretProvider,
  type SecretRef,
  type SecretVersion,
  type Stage,
  TextValue,
} from '@keyplane/core'

/** A source whose every answer a test decides, and which counts what it is asked. */
export class ScriptedSource implements SecretProvider {
  readonly name = 'scripted'
  readonly calls: { get: SecretRef[]; describe: string[] } = { get: [], describe: [] }
  readonly values = new Map<string, { version: string; text: string; deleted?: boolean }>()
  failure: SecretsError | undefined
  /** While set, calls wait for `release`. */
  #gate: { opened: Promise<void>; open: () => void } | undefined
  aborted = 0

  constructor(values: Record<string, string> = {}) {
    for (const [id, text] of Object.entries(values)) this.set(id, text, 'v1')
  }

  set(id: string, text: string, version: string): void {
    this.values.set(id, { text, version })
  }

  hold(): () => void {
    let open = (): void => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    this.#gate = { opened, open }
    return () => {
      this.#gate = undefined
      open()
    }
  }

  async get(ref: SecretRef, call: CallOptions = {}): Promise<SecretVersion> {
    this.calls.get.push(ref)
    // What is answered is what holds when the question arrives, however long the answer takes.
    const id = ref.id.replace(/^arn:/, '')
    const known = this.values.get(id)
    const { failure } = this
    await this.#answer(call)
    if (failure) throw failure
    if (!known || known.deleted) throw new SecretsError('secret_not_found', `no ${ref.id}`, { source: this.name })
    return Object.freeze({
      id: `arn:${id}`,
      name: id,
      version: known.version,
      stages: ['current'] as const,
      value: new TextValue(known.text),
    })
  }

  readonly state: NonNullable<SecretProvider['state']> = {
    maxRefs: 1,
    describe: async ([ref], call = {}) => {
      const id = (ref as SecretRef).id.replace(/^arn:/, '')
      this.calls.describe.push((ref as SecretRef).id)
      await this.#answer(call)
      if (this.failure) return [{ ok: false, error: this.failure }]
      const known = this.values.get(id)
      if (!known) return [{ ok: false, error: new SecretsError('secret_not_found', `no ${id}`) }]
      const versions = new Map<string, readonly Stage[]>([[known.version, ['current']]])
      return [{ ok: true, value: { id: `arn:${id}`, versions, ...(known.deleted && { deletedAtMs: 1 }) } }]
    },
  }

  async #answer({ signal }: CallOptions): Promise<void> {
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        this.aborted += 1
        reject(signal.reason)
      })
    })
    await Promise.race([this.#gate?.opened ?? Promise.resolve(), aborted])
  }
}
