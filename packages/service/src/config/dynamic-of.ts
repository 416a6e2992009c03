import type { ToolConfig } from './service-config.ts'
import type { WrittenEnvironment, WrittenSecret, WrittenTools } from './written.ts'
import type { YamlFile } from './yaml-file.ts'

/** Whether the environment's own source makes credentials. Where it does not, a dynamic secret is read like any other. */
export const makesCredentials = ({ source }: WrittenEnvironment): boolean => source === 'openbao'

/**
 * Tells the file what is wrong with its dynamic secrets.
 * @param canMake whether an environment that the tools are for makes credentials.
 */
export const checkDynamic = (tools: WrittenTools, canMake: boolean, file: YamlFile): void => {
  for (const [tool, { secrets = {} }] of Object.entries(tools))
    for (const [name, secret] of Object.entries(secrets))
      for (const [member, what] of secret.kind === 'dynamic' ? problemsOf(secret, canMake) : [])
        file.complain(['tools', tool, 'secrets', name, member], what)
}

const problemsOf = ({ ref, maxStale = 0 }: WrittenSecret, canMake: boolean): [string, string][] => {
  const problems: [string, string][] = []
  if (!canMake) problems.push(['kind', 'is dynamic, which only an environment with the source openbao can have'])
  if (!/^[^/].*\/[^/]+$/.test(ref)) problems.push(['ref', 'must be MOUNT/ROLE: it is dynamic'])
  if (maxStale > 0) problems.push(['maxStale', 'must be 0: a lease that has ended is worth nothing'])
  return problems
}

/** What the environment's source could not know whether to make or to read. */
export const ofBothKinds = (tools: ReadonlyMap<string, ToolConfig>): readonly string[] => {
  const secrets = [...tools.values()].flatMap((tool) => Array.from(tool.secrets.values()))
  const made = new Set(secrets.flatMap(({ ref, dynamic }) => (dynamic ? [ref] : [])))
  return [...made].filter((ref) => secrets.some((secret) => secret.ref === ref && !secret.dynamic))
}
