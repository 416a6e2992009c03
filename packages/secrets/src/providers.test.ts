import { providerNames } from '@keyplane/providers'
import { describe, expect, it } from 'vitest'
import * as entry from './providers.ts'

/** `github-actions` as `githubActionsProvider`. */
const constructorOf = (name: string): string =>
  `${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Provider`

describe('the entry of providers', () => {
  it.each(providerNames)('has the constructor of %s', (name) => {
    expect(entry).toHaveProperty(constructorOf(name), expect.any(Function))
  })
})
