import { Worker, type WorkerOptions } from 'node:worker_threads'

/** The module of a thread that lies beside the one that starts it, from source as well as built. */
export const moduleBeside = (starter: string, name: string): URL =>
  new URL(`./${name}.${starter.endsWith('.ts') ? 'ts' : 'js'}`, starter)

/** Starts a thread; a `.ts` module runs from source, and so does what it imports. */
export const startThread = (module: URL, options: Omit<WorkerOptions, 'execArgv'>): Worker =>
  new Worker(module, {
    ...options,
    execArgv: module.pathname.endsWith('.ts') ? ['-C', 'source', '--disable-warning=ExperimentalWarning'] : [],
  })
