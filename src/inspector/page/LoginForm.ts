import { h, setText } from "./dom.js";

/** Asks who watches; shown only when the node wants to know. */
export class LoginForm {
  readonly element: HTMLDialogElement;
  readonly #user = h("input", { name: "user", autocomplete: "username", required: true });
  readonly #password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  readonly #trouble = h("p", { class: "error", role: "alert" });

  constructor(logIn: (user: string, password: string) => Promise<void>) {
    const form = h(
      "form",
      {},
      h("h2", {}, "Log in to watch this node"),
      h("p", { class: "hint" }, "The users are those of the node's HTTP API."),
      h("label", {}, "User", this.#user),
      h("label", {}, "Password", this.#password),
      this.#trouble,
      h("button", { type: "submit" }, "Log in"),
      h("p", { class: "hint" }, "Or close this with Escape, and open a trace."),
    );
    this.element = h("dialog", { class: "login" }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      setText(this.#trouble, "");
      logIn(this.#user.value, this.#password.value).then(
        () => {
          this.#password.value = "";
          this.element.close();
        },
        (error: unknown) => {
          setText(this.#trouble, error instanceof Error ? error.message : String(error));
        },
      );
    });
  }

  ask(): void {
    if (!this.element.open) this.element.showModal();
  }
}
