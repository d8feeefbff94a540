import type { FastifyInstance, FastifySchema } from "fastify";
import { z } from "zod";
import { problemResponses } from "../api/endpointSchema.js";
import { HttpError } from "../HttpError.js";
import type { SessionGuard } from "./SessionGuard.js";
import { rolesSchema, userNameSchema } from "./User.js";
import type { UserStore } from "./UserStore.js";

const newUserSchema = z.strictObject({
  username: userNameSchema,
  password: z.string(),
  roles: rolesSchema.default(["readonly"]),
});
const changesSchema = z
  .strictObject({ password: z.string().optional(), roles: rolesSchema.optional() })
  .refine(({ password, roles }) => password !== undefined || roles !== undefined, "password, roles or both are needed");

type UserPath = { Params: { username: string } };

/** `/security/users`: who may use the API; for administrators. Every change ends the tokens of its user. */
export function userRoutes(app: FastifyInstance, users: UserStore, guard: SessionGuard): void {
  app.get("/security/users", { schema: schemaOf("Users") }, async (request, reply) => {
    guard.administratorOf(request);
    const items = users.list().map(({ name, roles }) => ({ username: name, roles }));
    return reply.send(answer("All users were returned", { affected_items: items, total_affected_items: items.length }));
  });

  app.post("/security/users", { schema: schemaOf("Add a user", newUserSchema) }, async (request, reply) => {
    guard.administratorOf(request);
    const { username, password, roles } = parsed(newUserSchema, request.body);
    await users.add(username, password, roles);
    return reply.send(changed("The user was added", username));
  });

  app.put<UserPath>("/security/users/:username", { schema: schemaOf("Change a user's password or roles", changesSchema) }, async (request, reply) => {
    guard.administratorOf(request);
    const { password, roles } = parsed(changesSchema, request.body);
    const { username } = request.params;
    await users.update(username, { ...(password === undefined ? {} : { password }), ...(roles === undefined ? {} : { roles }) });
    return reply.send(changed("The user was changed", username));
  });

  app.delete<UserPath>("/security/users/:username", { schema: schemaOf("Remove a user") }, async (request, reply) => {
    guard.administratorOf(request);
    await users.remove(request.params.username);
    return reply.send(changed("The user was removed", request.params.username));
  });

  app.delete("/security/user/authenticate", { schema: schemaOf("Log out: ends all tokens of the user who asks") }, async (request, reply) => {
    const { user } = guard.sessionOf(request);
    await users.revoke(user);
    return reply.send({ message: `User ${user} was successfully logged out`, error: 0 });
  });

  app.put("/security/user/revoke", { schema: schemaOf("End the tokens of all users") }, async (request, reply) => {
    guard.administratorOf(request);
    await users.revoke();
    return reply.send({ message: "Tokens were successfully revoked", error: 0 });
  });
}

function schemaOf(summary: string, body?: z.ZodType): FastifySchema {
  return {
    summary,
    tags: ["Security"],
    ...(body === undefined ? {} : { body: z.toJSONSchema(body, { io: "input" }) }),
    response: { 200: { description: "The answer", type: "object" }, ...problemResponses() },
  };
}

function parsed<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const text = result.error.issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": ")).join("; ");
  throw new HttpError(400, `The body is not as it should be: ${text}`, { remediation: "See /docs for what this endpoint takes." });
}

function answer(message: string, data: object): object {
  return { data: { ...data, failed_items: [], total_failed_items: 0 }, message, error: 0 };
}

function changed(message: string, name: string): object {
  return answer(message, { affected_items: [name], total_affected_items: 1 });
}
