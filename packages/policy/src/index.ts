/**
 * The IAM policy evaluator: one pure function decides, another explains. Use it where a request has to be judged by
 * identity, session, boundary, resource and key policies as AWS does. It reads no file, knows no clock, and calls nobody.
 */
export type {
  AccessRequest,
  ContextValues,
  Principal,
  RequestContext,
  RootPrincipal,
  ServicePrincipal,
  SessionPrincipal,
  UserPrincipal,
} from './request.ts'
