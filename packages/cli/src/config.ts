/** The process's own environment, live. */
export const processEnvironment: Readonly<Record<string, string | undefined>> = process.env

/** Ports that the plane's parts take where nothing else is said. */
export const defaultPorts: Readonly<Record<'agent' | 'store', number>> = { agent: 2773, store: 2774 }
