/** What the examples ask in place of a server: a source that has to be waited for, counts its calls and can fall silent. */
import { setTimeout } from 'node:timers/promises'
import { type SecretProvider, SecretsError, TextValue } from '@keyplane/secrets'
import { memoryProvider } from '@keyplane/secrets/providers'

export class PretendVault implements SecretProvider {
  readonly name = 'vault'
  readonly watch?: NonNullable<SecretProvider['watch']>
  readonly #kept: SecretProvider
  /** Calls that reached it. */
  calls = 0
  /** Whether it gives no answer. */
  silent = false

  constructor(secrets: Readonly<Record<string, string>>, { pushes = false } = {}) {
    this.#kept = memoryProvider({ secrets })
    if (pushes && this.#kept.watch) this.watch = this.#kept.watch
  }

  readonly get: SecretProvider['get'] = async (ref, call) => {
    this.calls += 1
    await setTimeout(5)
    if (this.silent) throw new SecretsError('unavailable', 'No answer from the vault.', { source: this.name })
    return this.#kept.get(ref, call)
  }

  /** Gives a secret a new value; the one before stays readable as stage `previous`. */
  async rotate(id: string, value: string): Promise<void> {
    await this.#kept.write?.put({ id }, new TextValue(value), { idempotencyKey: crypto.randomUUID() })
  }
}
