/** What carries rotations out, as operations know it. */
export interface Rotating {
  /** @throws AwsError AccessDeniedException for what can't be invoked. */
  requireInvokable(functionArn: string): Promise<void>
  /**
   * The secret of an administrator by which one of the store's own rotators changes this one, as its current value names it;
   * null where there is none. For functions null: they read what they may.
   */
  masterOf(secretId: string, functionArn: string): Promise<string | null>
  /** Tries how a secret is to be rotated, without rotating it; what comes of it is told, not awaited. */
  tryOut(secretId: string): void
  /** Looks at once: something was asked for. */
  wake(): void
  /** Takes back what is under way, as far as that can be. */
  takeBack(secretId: string): Promise<void>
}
