import { SecretsError, type SecretValue, TextValue } from '@keyplane/core'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '@keyplane/rotation'
import { OpenBaoRole } from './openbao-role.ts'

/** Lets a call be cut off, and a look be taken after it. */
export type Cut = <T>(act: () => Promise<T>) => Promise<T>

/** A target that knows which credentials log in, and the rotator for it. */
export interface ModelTarget {
  readonly first: SecretValue
  accepts(value: SecretValue): boolean
  rotator(): Rotator
  /** Somebody changes the password behind its back. */
  meddle(): void
  /** For calls that the rotator makes within one of its own. */
  cut?: Cut
  /** The process that rotates was killed: what its rotator knew is gone. */
  restart?(): void
}

/** A credential is `user:password`. */
const parts = (value: SecretValue): readonly [user: string, password: string] => {
  const [user = '', password = ''] = String(value.reveal()).split(':')
  return [user, password]
}

/** Where somebody may log in and change passwords. */
class Accounts {
  readonly passwords = new Map<string, Set<string>>()

  accepts(value: SecretValue): boolean {
    const [user, password] = parts(value)
    return this.passwords.get(user)?.has(password) ?? false
  }

  only(value: SecretValue): void {
    const [user, password] = parts(value)
    this.passwords.set(user, new Set([password]))
  }

  also(value: SecretValue): void {
    const [user, password] = parts(value)
    this.passwords.set(user, (this.passwords.get(user) ?? new Set()).add(password))
  }

  without(value: SecretValue): void {
    const [user, password] = parts(value)
    this.passwords.get(user)?.delete(password)
  }
}

abstract class TargetBase implements ModelTarget, Rotator {
  abstract readonly name: string
  readonly repairs: boolean = false
  readonly overlaps?: true
  readonly first: SecretValue = new TextValue('app:0')
  readonly accounts = new Accounts()
  #made = 0

  constructor() {
    this.accounts.only(this.first)
  }

  accepts(value: SecretValue): boolean {
    return this.accounts.accepts(value)
  }
  rotator(): Rotator {
    return this
  }
  meddle(): void {
    for (const user of this.accounts.passwords.keys()) this.accounts.only(new TextValue(`${user}:meddled`))
  }
  async test(_: RotatorCall, value: SecretValue): Promise<Acceptance> {
    return this.accepts(value) ? 'accepted' : 'refused'
  }
  async create(_: RotatorCall, current: SecretValue): Promise<SecretValue> {
    this.#made += 1
    return new TextValue(`${this.userOf(current)}:${this.#made}`)
  }
  protected userOf(current: SecretValue): string {
    return parts(current)[0]
  }
  abstract set(call: RotatorCall, credentials: Credentials): Promise<Acceptance>
  abstract revert(call: RotatorCall, credentials: Credentials): Promise<void>
  abstract retire(call: RotatorCall, credentials: Credentials): Promise<void>
}

/** Where the old credential ended with the new one, or goes on as the other user's. */
abstract class NothingToRetire extends TargetBase {
  async retire(): Promise<void> {}
}

/** One user who changes his own password: whoever logs in with either may set the other. */
class SingleUser extends NothingToRetire {
  readonly name: string = 'single'
  async set(_: RotatorCall, { current, pending }: Credentials): Promise<Acceptance> {
    if (this.accepts(pending)) return 'accepted'
    if (!this.accepts(current)) throw new SecretsError('unauthenticated', 'Neither logs in.')
    this.accounts.only(pending)
    return 'accepted'
  }
  async revert(_: RotatorCall, { current, pending }: Credentials): Promise<void> {
    if (!this.accepts(current) && this.accepts(pending)) this.accounts.only(current)
  }
}

/** One user whose password an administrator sets. */
class Administered extends NothingToRetire {
  readonly name = 'administered'
  override readonly repairs = true
  async set(_: RotatorCall, { pending }: Credentials): Promise<Acceptance> {
    this.accounts.only(pending)
    return 'accepted'
  }
  async revert(_: RotatorCall, { current }: Credentials): Promise<void> {
    this.accounts.only(current)
  }
}

/** Two users that take turns: the one that is not in use gets a new password. */
class Alternating extends NothingToRetire {
  readonly name = 'alternating'
  override readonly overlaps = true
  protected override userOf(current: SecretValue): string {
    return parts(current)[0] === 'app' ? 'app_clone' : 'app'
  }
  async set(_: RotatorCall, { pending }: Credentials): Promise<Acceptance> {
    this.accounts.only(pending)
    return 'accepted'
  }
  async revert(): Promise<void> {}
  async discard(_: RotatorCall, { pending }: Credentials): Promise<void> {
    this.accounts.without(pending)
  }
}

/** Keys of which several are valid at once: the old one is taken away at the end. */
class Keys extends TargetBase {
  readonly name = 'keys'
  override readonly overlaps = true
  async set(_: RotatorCall, { pending }: Credentials): Promise<Acceptance> {
    this.accounts.also(pending)
    return 'accepted'
  }
  async revert(): Promise<void> {}
  async discard(_: RotatorCall, { pending }: Credentials): Promise<void> {
    this.accounts.without(pending)
  }
  async retire(_: RotatorCall, { current }: Credentials): Promise<void> {
    this.accounts.without(current)
  }
}

export const targets: Readonly<Record<string, () => ModelTarget>> = {
  'one user': () => new SingleUser(),
  'one user, by an administrator': () => new Administered(),
  'two users in turn': () => new Alternating(),
  'keys side by side': () => new Keys(),
  'users that the target makes': () => new OpenBaoRole(),
}
