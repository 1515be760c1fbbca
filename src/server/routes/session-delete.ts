import { deleteCookie } from 'hono/cookie';
import { route } from '../route.ts';
import { sessionCookie } from '../security/sessions.ts';

export const sessionDelete = route({
  method: 'delete',
  path: '/api/session',
  summary: 'Sign out in this browser',
  tag: 'Server',
  open: true,
  answers: { 204: { description: 'The cookie is gone.' } },
  handle: (c) => {
    deleteCookie(c, sessionCookie, { path: '/' });
    return c.body(null, 204);
  },
});
