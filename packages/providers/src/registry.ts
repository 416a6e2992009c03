/** The providers by name, each loaded when it is first asked for; this entry by itself loads none. */
export { type ProviderSettings, setting } from './provider-settings.ts'
export { openProvider, type ProviderName, providerNames } from './registry.gen.ts'
