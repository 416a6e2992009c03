import type { AgentLog } from '../src/start-agent.ts'

/** Keeps what is logged, for tests that look for what must not be there. */
export const memoryLog = (): AgentLog & { readonly lines: string[] } => {
  const lines: string[] = []
  const note = (facts: object, message: string): void => void lines.push(`${JSON.stringify(facts)} ${message}`)
  return { level: 'debug', lines, debug: note, info: note, warn: note, error: note }
}
