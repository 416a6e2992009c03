import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RoleConfig, RuleConfig } from '../config/service-config.ts'
import { authorize } from './authorize.ts'
import { type AccessRequest, isAllowed } from './decide.ts'

const asks: AccessRequest = { action: 'configuration:read', environment: 'production', tool: 'payments' }
const rule = (environments: string[], tools: string[], actions = ['*']): RuleConfig => ({
  actions,
  environments,
  tools,
})
const role = (allow: RuleConfig[], deny: RuleConfig[] = []): RoleConfig => ({ allow, deny })

describe('what a caller may', () => {
  it('is nothing that no role allows', () => {
    expect(isAllowed(asks, [])).toBe(false)
    expect(isAllowed(asks, [role([])])).toBe(false)
    expect(isAllowed(asks, [role([rule(['staging'], ['*'])])])).toBe(false)
    expect(isAllowed(asks, [role([rule(['*'], ['*'], ['configuration:write'])])])).toBe(false)
    expect(isAllowed(asks, [role([rule(['prod*'], ['pay????s'])])])).toBe(true)
  })

  it('is nothing that one of his roles denies, whatever the others allow', () => {
    const all = role([rule(['*'], ['*'])])
    expect(isAllowed(asks, [all, role([], [rule(['production'], ['*'])])])).toBe(false)
    expect(isAllowed(asks, [all, role([], [rule(['staging'], ['*'])])])).toBe(true)
  })

  it('is not put together from the parts of several rules', () => {
    expect(isAllowed(asks, [role([rule(['production'], ['mail']), rule(['staging'], ['payments'])])])).toBe(false)
  })

  it('is what a naive reading of the roles says', () => {
    const part = fc.array(fc.constantFrom('*', 'a', 'b', 'a*', '?', '*b', 'ab', 'configuration:read', '*:read'), {
      maxLength: 3,
    })
    const rules = fc.array(fc.record({ actions: part, environments: part, tools: part }), { maxLength: 3 })
    const roles = fc.array(fc.record({ allow: rules, deny: rules }), { maxLength: 3 })
    const name = fc.constantFrom('a', 'b', 'ab', 'ba', 'aab')
    fc.assert(
      fc.property(roles, name, name, (has, environment, tool) => {
        const request = { action: 'configuration:read', environment, tool } as const
        expect(isAllowed(request, has)).toBe(naively(request, has))
      }),
    )
  })

  it('not, is told without a word of roles', () => {
    const refused = () => authorize({ roles: [role([], [rule(['production'], ['*'])])] }, asks)
    expect(refused).toThrow('You may not read the configuration of "payments" in "production".')
    expect(() => authorize({ roles: [role([rule(['*'], ['*'])])] }, asks)).not.toThrow()
  })
})

/** Every rule turned into an entry of one list, and globs into regular expressions. */
const naively = ({ action, environment, tool }: AccessRequest, roles: readonly RoleConfig[]): boolean => {
  const fits = (glob: string, text: string): boolean =>
    new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text)
  const verdicts = roles.flatMap(({ allow, deny }) =>
    [...allow.map((each) => ({ each, says: 'yes' })), ...deny.map((each) => ({ each, says: 'no' }))]
      .filter(({ each }) => each.actions.filter((glob) => fits(glob, action)).length > 0)
      .filter(({ each }) => each.environments.filter((glob) => fits(glob, environment)).length > 0)
      .filter(({ each }) => each.tools.filter((glob) => fits(glob, tool)).length > 0)
      .map(({ says }) => says),
  )
  return verdicts.includes('yes') && !verdicts.includes('no')
}
