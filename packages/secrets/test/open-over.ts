import type { SecretProvider } from '@keyplane/core'
import { createValueRegistry } from '@keyplane/masking'
import { type FakeClock, fakeClock, seededRandom } from '@keyplane/testkit'
import type { SecretsManagerOptions } from '../src/manager-options.ts'
import { openSecrets } from '../src/open-secrets.ts'

/** A manager over one source alone, with time, chance, log and registry of its own. */
export const openOver = (provider: SecretProvider, options: SecretsManagerOptions = {}) => {
  const clock: FakeClock = fakeClock()
  const values = createValueRegistry({ clock })
  const logged: string[] = []
  const secrets = openSecrets({
    providers: [provider],
    env: { KEYPLANE_ENV_FOLDER: '/nowhere' },
    environment: false,
    clock,
    values,
    random: seededRandom(1),
    attempts: 1,
    log: { warn: (message) => logged.push(`warn ${message}`), error: (message) => logged.push(`error ${message}`) },
    ...options,
  })
  return { secrets, clock, values, logged }
}
