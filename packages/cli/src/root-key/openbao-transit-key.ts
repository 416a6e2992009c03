import { type Clock, SecretsError } from '@keyplane/core'
import { openBaoClient, transitKey } from '@keyplane/openbao'
import { openBaoOptions } from '@keyplane/providers'
import { keyServiceRootKey, type RootKeySource } from '@keyplane/sealing'
import type { Context } from '../context.ts'

export interface OpenBaoRootKeyOptions {
  /** `KEY`, or `MOUNT/KEY` where the transit engine is not mounted as `transit`. */
  readonly key: string
  readonly env: Context['env']
  readonly clock: Clock
}

/** A root key in OpenBao's transit engine; address and login are those of the `openbao` source of secrets. */
export const openBaoRootKey = ({ key: given, env, clock }: OpenBaoRootKeyOptions): RootKeySource => {
  const [, mount, key = ''] = /^(?:(.+)\/)?([\w.-]+)$/.exec(given) ?? []
  if (key === '') throw new SecretsError('config_invalid', `The root key openbao:${given} is no name of a transit key.`)
  const open = async () => openBaoClient({ ...(await openBaoOptions({ env, clock })), clock })
  return keyServiceRootKey({ name: 'openbao', service: transitKey({ key, mount, open }) })
}
