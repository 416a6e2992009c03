import type { WrittenEnvironment, WrittenTool, WrittenTools } from './written.ts'

/** An environment with what its overlay says. Another source takes nothing over from the first one. */
export const overlaidEnvironment = (base: WrittenEnvironment, over: WrittenEnvironment = {}): WrittenEnvironment => {
  const { mount, variables, ...rest } = base
  const kept = over.source === undefined ? { mount, variables } : {}
  return { ...rest, ...kept, ...over }
}

/** Tools with what an overlay says: settings and secrets by their names, each of them whole. */
export const overlaidTools = (base: WrittenTools, over: WrittenTools = {}): WrittenTools => {
  const changed = Object.entries(over).map(([name, tool]): [string, WrittenTool] => {
    const { settings = {}, secrets = {} } = base[name] ?? {}
    return [name, { settings: { ...settings, ...tool.settings }, secrets: { ...secrets, ...tool.secrets } }]
  })
  return { ...base, ...Object.fromEntries(changed) }
}
