import type { RootKeySource } from '@keyplane/sealing'
import type { Context } from '../context.ts'
import { nextRootKeySource } from '../data-folder/next-root-key.ts'
import { UsageError } from '../usage-error.ts'
import { namedRootKey } from './named-root-key.ts'
import type { RootKeyFlags } from './root-key-flags.ts'
import { rootKeyName } from './root-key-source.ts'

/** Options of what gives a store another root key. */
export interface NewRootKeyFlags extends RootKeyFlags {
  /** Where the new key comes from, as `--root-key` names it. Default: `file`. */
  readonly to?: string
  /** A descriptor that a new passphrase is read from. */
  readonly toPassphraseFd?: number
}

/** The variable of the new key: that of the store's own holds the old one as long as it is needed. */
export const nextRootKeyVariable = 'KEYPLANE_NEXT_ROOT_KEY'

/**
 * Where a store's new root key comes from.
 * @throws UsageError where stdin would have to give two passphrases, `config_invalid` as `namedRootKey`.
 */
export const newRootKeySource = (context: Context, flags: NewRootKeyFlags): RootKeySource => {
  const { folder, random, stdin } = context
  const { to = 'file', toPassphraseFd, passphraseFd } = flags
  if (to === 'file') return nextRootKeySource(folder, random)
  const bothTyped = toPassphraseFd === undefined && passphraseFd === undefined
  if (to === 'passphrase' && rootKeyName(context, flags) === 'passphrase' && bothTyped && !stdin.isTTY)
    throw new UsageError('stdin gives one passphrase; give the other by --passphrase-fd or --to-passphrase-fd.')
  return namedRootKey(context, to, { variable: nextRootKeyVariable, passphraseFd: toPassphraseFd })
}
