import { answerOf, type KeptAnswer, textOf } from './kept-answer.ts'
import { SealedFile, tagOf } from './sealed-file.ts'

/** By a sealed answer's tag, when the source last vouched for it, epoch milliseconds. */
type Confirmations = Readonly<Record<string, number>>

/**
 * Kept answers on the disk. Each is sealed once, as long as its content stays; when the source last vouched for them
 * stands in a small file beside it, so that a confirmation writes no values.
 */
export class AnswersFile {
  readonly path: string
  readonly #answers: SealedFile
  readonly #times: SealedFile
  readonly #sealed = new WeakMap<KeptAnswer, Buffer>()
  /** What the file holds, as far as it is known. */
  #written: ReadonlySet<KeptAnswer> | undefined

  /** @param binding What the answers are of: those of something else are not read. */
  constructor(path: string, key: Buffer, binding: string) {
    this.path = path
    this.#answers = new SealedFile(path, key, binding)
    this.#times = new SealedFile(`${path}.times`, key, `times of ${binding}`)
  }

  /**
   * The answers, the one confirmed longest ago first; nothing where there is no file yet.
   * @param onLostTimes Told where the confirmations can't be had: the answers' ages are then those of their writing.
   * @throws SecretsError `integrity` where the file was altered, has another key, or (reason `other_binding`) is of
   * something else; else what the file system says.
   */
  load(onLostTimes: (path: string, thrown: unknown) => void): readonly KeptAnswer[] | undefined {
    const records = this.#answers.read()
    if (records === undefined) return undefined
    const confirmations = this.#confirmations(onLostTimes)
    const kept = records.map(({ text, sealed }) => {
      const answer = answerOf(text)
      answer.confirmedAtMs = Math.max(answer.confirmedAtMs, confirmations[nameOf(sealed)] ?? 0)
      this.#sealed.set(answer, sealed)
      return answer
    })
    this.#written = new Set(kept)
    return kept.toSorted((a, b) => a.confirmedAtMs - b.confirmedAtMs)
  }

  /** Makes the disk hold these, and when they were confirmed. Rejects with what the file system says. */
  async save(kept: readonly KeptAnswer[]): Promise<void> {
    const written = this.#written
    if (written?.size !== kept.length || !kept.every((answer) => written.has(answer))) {
      await this.#answers.write(this.#seal(kept))
      this.#written = new Set(kept)
    }
    const confirmations = kept.map((answer) => [nameOf(this.#sealedOf(answer)), answer.confirmedAtMs] as const)
    await this.#times.write([this.#times.seal(JSON.stringify(Object.fromEntries(confirmations)))])
  }

  /** One by one, as the file takes them: what else the process does comes in between. */
  *#seal(kept: readonly KeptAnswer[]): Generator<Buffer> {
    for (const answer of kept) yield this.#sealedOf(answer)
  }

  #sealedOf(answer: KeptAnswer): Buffer {
    const known = this.#sealed.get(answer)
    if (known) return known
    const sealed = this.#answers.seal(textOf(answer))
    this.#sealed.set(answer, sealed)
    return sealed
  }

  #confirmations(onLost: (path: string, thrown: unknown) => void): Confirmations {
    try {
      return JSON.parse(this.#times.read()?.[0]?.text ?? '{}') as Confirmations
    } catch (thrown) {
      onLost(this.#times.path, thrown)
      return {}
    }
  }
}

const nameOf = (sealed: Buffer): string => tagOf(sealed).toString('base64')
