import type pg from 'pg'

let loaded: Promise<typeof pg> | undefined

/** The client of PostgreSQL, loaded when it is first needed: it costs 30 ms and 11 MB, in the writer's thread again. */
export const loadPg = (): Promise<typeof pg> => (loaded ??= import('pg').then((module) => module.default))
