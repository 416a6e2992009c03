/** Of a route's schema: it asks who is calling. */
export const guarded = { security: [{ bearer: [] }] } as const
