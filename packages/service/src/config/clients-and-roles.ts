import { globMatches } from '@keyplane/core'
import { actions } from '../access/actions.ts'
import { perhaps } from './known-keys.ts'
import type { ClientConfig, RoleConfig } from './service-config.ts'
import type { WrittenRule, WrittenService } from './written.ts'
import type { YamlFile } from './yaml-file.ts'

/** What there is to name in a rule. */
type Known = Readonly<Record<keyof WrittenRule, readonly string[]>>

const singular = { actions: 'action', environments: 'environment', tools: 'tool' } as const

/** The roles, after rules that can never hold were told: they would deny nothing, too. */
export const rolesOf = (
  { roles = {} }: WrittenService,
  file: YamlFile,
  names: Omit<Known, 'actions'>,
): ReadonlyMap<string, RoleConfig> => {
  const known: Known = { ...names, actions }
  for (const [role, rules] of Object.entries(roles))
    for (const effect of ['allow', 'deny'] as const)
      for (const [index, rule] of (rules[effect] ?? []).entries())
        for (const { path, what } of idleGlobs(rule, known))
          file.complain(['roles', role, effect, index, ...path], what)
  return new Map(Object.entries(roles).map(([name, { allow, deny = [] }]) => [name, { allow, deny }]))
}

const idleGlobs = (rule: WrittenRule, known: Known): { path: readonly PropertyKey[]; what: string }[] =>
  (['actions', 'environments', 'tools'] as const).flatMap((part) =>
    rule[part].flatMap((glob, index) =>
      known[part].some((name) => globMatches(glob, name))
        ? []
        : [{ path: [part, index], what: `matches no ${singular[part]}${perhaps(glob, known[part])}` }],
    ),
  )

/** The clients, after roles that there are not, and what two have, were told. */
export const clientsOf = (
  { clients = {}, roles = {} }: WrittenService,
  file: YamlFile,
): ReadonlyMap<string, ClientConfig> => {
  const holders = new Map<string, string>()
  for (const [client, { keys, certificates, roles: wanted }] of Object.entries(clients)) {
    if (!keys && !certificates) file.complain(['clients', client], 'has neither keys nor certificates')
    for (const [index, role] of wanted.entries())
      if (!Object.hasOwn(roles, role))
        file.complain(['clients', client, 'roles', index], `is no role${perhaps(role, Object.keys(roles))}`)
    for (const [kind, shown = []] of Object.entries({ keys, certificates }))
      for (const [index, each] of shown.entries()) {
        const holder = holders.get(`${kind} ${each}`)
        const what = `is a ${kind.slice(0, -1)} of ${holder} already`
        if (holder !== undefined) file.complain(['clients', client, kind, index], what)
        holders.set(`${kind} ${each}`, client)
      }
  }
  return new Map(
    Object.entries(clients).map(([name, { keys = [], certificates = [], roles: has }]) => [
      name,
      { keyHashes: keys.map(digits), certificates, roles: has },
    ]),
  )
}

const digits = (hash: string): string => hash.slice('sha256:'.length)
