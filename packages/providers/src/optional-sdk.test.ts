import { describe, expect, it } from 'vitest'
import { loadSdk } from './optional-sdk.ts'

const failure = (name: string): Promise<unknown> =>
  loadSdk({ name, major: 7 }, 'gcp').catch((thrown: unknown) => thrown)

describe('a package that the user installs', () => {
  it('is given where it is there', async () => {
    expect(await loadSdk<typeof import('node:path')>({ name: 'node:path', major: 1 }, 'gcp')).toHaveProperty('join')
  })

  it('is told as missing, with the line that installs it', async () => {
    expect(await failure('@keyplane/not-there')).toMatchObject({
      code: 'source_misconfigured',
      source: 'gcp',
      reason: 'sdk_missing',
      message: 'gcp needs a package that is not installed: run `npm install @keyplane/not-there@7`.',
    })
  })

  it('is told as broken where it is there and can’t be loaded', async () => {
    const broken = `data:text/javascript,${encodeURIComponent('throw new Error("out of order")')}`
    expect(await failure(broken)).toMatchObject({ code: 'source_misconfigured', reason: 'sdk_broken' })
  })
})
