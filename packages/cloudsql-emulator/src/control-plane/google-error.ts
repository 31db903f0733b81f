import type { ApiResponse } from './http-types.ts';
import { HttpError } from './http-types.ts';

const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Returns an error as Google's APIs put it. */
export function googleErrorResponse(code: number, reason: string, message: string): ApiResponse {
  return {
    status: code,
    body: {
      error: { code, message, errors: [{ message, domain: 'global', reason }], status: STATUS[code] ?? 'UNKNOWN' },
    },
  };
}

/** Makes an error of a Google API, to be thrown. */
export function googleError(code: number, reason: string, message: string): HttpError {
  return new HttpError(googleErrorResponse(code, reason, message));
}

/** Makes an error of a newer Google API, which gives its reason in another place; to be thrown. */
export function rpcError(code: number, message: string, reason?: string): HttpError {
  const details = reason && [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }];
  const error = { code, message, status: STATUS[code] ?? 'UNKNOWN', ...(details ? { details } : {}) };
  return new HttpError({ status: code, body: { error } });
}

/** Makes the error for who may not let a project pay for calls, to be thrown. */
export function mayNotUseProject(project: string): HttpError {
  const message = `Caller does not have required permission to use project ${project}. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission.`;
  return rpcError(403, message, 'USER_PROJECT_DENIED');
}

/** Makes an error of an OAuth endpoint, to be thrown. */
export function oauthError(code: string, description: string): HttpError {
  return new HttpError({ status: 400, body: { error: code, error_description: description } });
}

/** What Google's APIs say where a project has not enabled them; the project is named by its number. */
export function serviceDisabledResponse(service: string, title: string): ApiResponse {
  const url = `https://console.developers.google.com/apis/api/${service}/overview?project=1`;
  const message = `${title} has not been used in project 1 before or it is disabled. Enable it by visiting ${url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`;
  return {
    status: 403,
    body: {
      error: {
        code: 403,
        message,
        errors: [{ message, domain: 'usageLimits', reason: 'accessNotConfigured', extendedHelp: url }],
        status: 'PERMISSION_DENIED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'SERVICE_DISABLED',
            domain: 'googleapis.com',
            metadata: { service, consumer: 'projects/1' },
          },
        ],
      },
    },
  };
}
