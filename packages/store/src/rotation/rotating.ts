/** What carries rotations out, as operations know it. */
export interface Rotating {
  /** @throws AwsError AccessDeniedException for what can't be invoked. */
  requireInvokable(functionArn: string): Promise<void>
  /** Looks at once: something was asked for. */
  wake(): void
  /** Takes back what is under way, as far as that can be. */
  takeBack(secretId: string): Promise<void>
}
