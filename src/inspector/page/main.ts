import { App } from "./App.js";

const app = new App();
document.body.append(...app.elements);
app.start();
