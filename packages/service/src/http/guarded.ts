/** Of a route's schema, where `authenticate` is its hook. */
export const guarded = { security: [{ bearer: [] }] } as const
