import { setCookie } from 'hono/cookie';
import { errors } from '../../base/errors.ts';
import { sessionRequestSchema } from '../api.ts';
import { route } from '../route.ts';
import { sessionCookie } from '../security/sessions.ts';

export const sessionCreate = route({
  method: 'post',
  path: '/api/session',
  summary: 'Sign in: the token becomes a cookie',
  tag: 'Server',
  open: true,
  json: sessionRequestSchema,
  answers: {
    204: { description: 'Signed in; the cookie is HttpOnly and SameSite=Strict.' },
    401: { description: 'The token is wrong.' },
  },
  handle: async (c, { json }, { sessions, wrongTokens }) => {
    const address = c.get('address');
    await wrongTokens.check(address);
    if (sessions.required && !sessions.isToken(json.token)) {
      await wrongTokens.count(address);
      throw errors.TOKEN_WRONG();
    }
    if (sessions.required) {
      const { value, maxAge } = sessions.issue();
      setCookie(c, sessionCookie, value, {
        httpOnly: true,
        sameSite: 'Strict',
        path: '/',
        maxAge,
        secure: new URL(c.req.url).protocol === 'https:',
      });
    }
    return c.body(null, 204);
  },
});
