import type { ServiceRoutes } from '../http/service-routes.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { beginSessionRoute } from './begin-session.ts'
import { endSessionRoute } from './end-session.ts'
import { getUserRoute } from './get-user.ts'
import { listUsersRoute } from './list-users.ts'
import { ownPasswordRoute } from './own-password.ts'
import { putUserRoute } from './put-user.ts'
import { removeUserRoutes } from './remove-user.ts'
import { renewSessionRoute } from './renew-session.ts'
import type { UserRoutesParts } from './user-schema.ts'

/** Logins, and the users who have one. */
export const accountRoutes = (app: ServiceRoutes, parts: UserRoutesParts & { readonly sessions: Sessions }): void => {
  beginSessionRoute(app, parts)
  renewSessionRoute(app, parts)
  endSessionRoute(app, parts)
  ownPasswordRoute(app, parts)
  listUsersRoute(app, parts)
  getUserRoute(app, parts)
  putUserRoute(app, parts)
  removeUserRoutes(app, parts)
}
