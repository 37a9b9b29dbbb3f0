import { render } from "preact";
import { Studio } from "./studio";
import { App } from "./view/app";
import "./studio.css";

const studio = new Studio();
const place = document.getElementById("app")!;
place.replaceChildren();
render(<App studio={studio} />, place);
void studio.open();
