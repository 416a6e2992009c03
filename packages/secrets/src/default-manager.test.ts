import { afterEach, describe, expect, it } from 'vitest'
import { getSecret, getSecretsManager, resetSecretsManager } from './default-manager.ts'

describe('the process’s own manager', () => {
  afterEach(resetSecretsManager)

  it('is made at the first call, the same until it is reset', async () => {
    const first = getSecretsManager()
    expect(getSecretsManager()).toBe(first)
    await resetSecretsManager()
    expect(getSecretsManager()).not.toBe(first)
  })

  it('reads the environment by default', async () => {
    process.env['KEYPLANE_TEST_SECRET'] = 'set'
    expect(await getSecret('KEYPLANE_TEST_SECRET')).toBe('set')
    delete process.env['KEYPLANE_TEST_SECRET']
    expect(await getSecret('KEYPLANE_TEST_SECRET', 'default')).toBe('default')
  })
})
