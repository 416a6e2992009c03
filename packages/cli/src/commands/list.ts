import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { namesProvider, openNames } from '../secret-source.ts'

/** The names of secrets, one a line. */
export const list: Command = async ({ folder, env, terminal }, [prefix]) => {
  const secrets = openNames(folder, env)
  try {
    const names = await secrets.listSecrets(prefix)
    if (!terminal.json && !folder.exists && !namesProvider(env))
      terminal.words('No plane here: these are the names in the environment.')
    if (terminal.json) terminal.data(JSON.stringify(names))
    else if (names.length > 0) terminal.data(names.join('\n'))
    else terminal.words(prefix === undefined ? 'No secrets yet.' : `No secret begins with ${JSON.stringify(prefix)}.`)
    return exitCodes.ok
  } finally {
    await secrets.close()
  }
}
