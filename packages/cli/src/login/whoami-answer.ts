/** What `GET /v1/whoami` answers. */
export interface Whoami {
  readonly name: string
  readonly kind: 'key' | 'certificate' | 'session'
  readonly roles: readonly string[]
  readonly expiresAt?: string
  readonly actions: readonly string[]
  readonly access: readonly { readonly environment: string; readonly tools: readonly string[] }[]
}
