import {
  type CallOptions,
  type ManyReader,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  untilAborted,
} from '@keyplane/core'

interface Waiting {
  readonly ref: SecretRef
  readonly signal: AbortSignal | undefined
  readonly resolve: (version: SecretVersion) => void
  readonly reject: (reason: unknown) => void
}

/** Reads asked for at about the same time, on their way to the source as one call. */
export class Batch {
  readonly #many: ManyReader
  readonly #source: string
  readonly #waiting: Waiting[] = []

  constructor(many: ManyReader, source: string) {
    this.#many = many
    this.#source = source
  }

  add(ref: SecretRef, { signal }: CallOptions): Promise<SecretVersion> {
    const answer = new Promise<SecretVersion>((resolve, reject) => {
      this.#waiting.push({ ref, signal, resolve, reject })
    })
    return signal ? untilAborted(answer, signal) : answer
  }

  /** Sends what is still waited for; `single` reads what is left alone. */
  send(single: (ref: SecretRef, call: CallOptions) => Promise<SecretVersion>): void {
    const wanted = this.#waiting.filter(({ signal }) => !signal?.aborted)
    for (let from = 0; from < wanted.length; from += this.#many.maxRefs) {
      const part = wanted.slice(from, from + this.#many.maxRefs)
      const [only] = part
      if (part.length === 1 && only)
        single(only.ref, only.signal ? { signal: only.signal } : {}).then(only.resolve, only.reject)
      else void this.#sendPart(part)
    }
  }

  async #sendPart(part: readonly Waiting[]): Promise<void> {
    const { signal, release } = whenAllHaveLeft(part)
    try {
      const outcomes = await this.#many.get(
        part.map(({ ref }) => ref),
        { signal },
      )
      part.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index]
        if (outcome?.ok) resolve(outcome.value)
        else reject(outcome?.error ?? this.#incomplete())
      })
    } catch (thrown) {
      for (const { reject } of part) reject(thrown)
    } finally {
      release()
    }
  }

  #incomplete(): SecretsError {
    return new SecretsError('bad_response', `${this.#source} answered for fewer secrets than it was asked for.`, {
      source: this.#source,
    })
  }
}

/** A signal that is aborted when the last of those who wait has left: one who leaves does not end the others' call. */
const whenAllHaveLeft = (part: readonly Waiting[]): { readonly signal: AbortSignal; readonly release: () => void } => {
  const controller = new AbortController()
  let left = part.length
  const leave = (): void => {
    left -= 1
    if (left === 0) controller.abort(new SecretsError('closed', 'Everybody who waited has left.'))
  }
  for (const { signal } of part) signal?.addEventListener('abort', leave, { once: true })
  return {
    signal: controller.signal,
    release: () => {
      for (const { signal } of part) signal?.removeEventListener('abort', leave)
    },
  }
}
