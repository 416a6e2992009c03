import * as z from 'zod'

/** Schemas that the service's description names once, by an id, and refers to elsewhere. */
export const described: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>()
