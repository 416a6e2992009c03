import type { Route } from '../http/handlers.ts'
import { isMetrics, text } from '../http/messages.ts'
import { exposition, type Metric } from '../metrics/exposition.ts'

/** How the agent stands, for Prometheus. */
export const metrics =
  (gather: () => readonly Metric[]): Route =>
  (request) =>
    isMetrics(request) ? text(200, exposition(gather())) : undefined
