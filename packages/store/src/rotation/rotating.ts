import type { Administered } from './administered.ts'

/** What carries rotations out, as operations know it. */
export interface Rotating {
  /** @throws AwsError AccessDeniedException for what can't be invoked. */
  requireInvokable(functionArn: string): Promise<void>
  /** By whose login one of the store's own rotators changes whom, as the secret's current value names them. */
  administered(secretId: string, functionArn: string): Promise<Administered>
  /** Tries how a secret is to be rotated, without rotating it; what comes of it is told, not awaited. */
  tryOut(secretId: string): void
  /** Looks at once: something was asked for. */
  wake(): void
  /** Tries at once what is under way and failed: somebody asks for it. */
  hasten(secretId: string): void
  /** Takes back what is under way, as far as that can be. */
  takeBack(secretId: string): Promise<void>
}
