import { newApiKey } from '@keyplane/service'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

/** `keyplane service key`: it is shown this once, as nobody keeps it but its owner. */
export const serviceKey: Command = async ({ terminal, random }) => {
  const made = newApiKey(random)
  if (terminal.json) terminal.data(JSON.stringify(made))
  else {
    terminal.data(made.key)
    terminal.words(`For its client alone. In the configuration, under the client's keys: ${made.hash}`)
  }
  return exitCodes.ok
}
