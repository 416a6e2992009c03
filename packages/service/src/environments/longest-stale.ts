import type { EnvironmentConfig } from '../config/service-config.ts'

/** What is kept has to last for the secret that may be oldest; each read then says how old its own may be. */
export const longestStaleMs = ({ maxStaleMs, tools }: EnvironmentConfig): number =>
  Math.max(
    maxStaleMs,
    ...[...tools.values()].flatMap(({ secrets }) => [...secrets.values()].map((secret) => secret.maxStaleMs ?? 0)),
  )
