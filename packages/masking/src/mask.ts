/** What stands in place of a masked field. */
export const mask = '****'

/** What stands in place of a field that cannot be read: a getter that throws, a revoked proxy. */
export const unreadable = '[unreadable]'
