import { mask } from '../mask.ts'
import { type KnownValue, formsOf } from './value-forms.ts'

/** Finds values in texts, in every form. */
export class ValueMatcher {
  readonly #forms = new Map<number, readonly string[]>()
  #last = 0

  /** Takes a value up; gives its number. */
  add(value: KnownValue): number {
    this.#last += 1
    this.#forms.set(this.#last, [...formsOf(value).keys()])
    return this.#last
  }

  remove(id: number): void {
    this.#forms.delete(id)
  }

  /** The text with every form of every value masked. */
  mask(text: string): string {
    let shown = text
    for (const forms of this.#forms.values()) for (const form of forms) shown = shown.replaceAll(form, mask)
    return shown
  }
}
