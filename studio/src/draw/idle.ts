const LINES = 5;

/** Draw the stage while nothing has been said: calm waves in the colours of the classes. */
export function paintIdle(canvas: HTMLCanvasElement, colours: string[], seconds: number): void {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d", { alpha: false })!;
  pen.scale(ratio, ratio);
  pen.fillStyle = "#100d18";
  pen.fillRect(0, 0, width, height);
  pen.globalCompositeOperation = "lighter";
  colours.forEach((colour, i) => {
    for (let line = 0; line < LINES; line++) paintLine(pen, { width, height, colour, seconds, i, line });
  });
}

interface Line {
  width: number;
  height: number;
  colour: string;
  seconds: number;
  i: number;
  line: number;
}

function paintLine(pen: CanvasRenderingContext2D, { width, height, colour, seconds, i, line }: Line): void {
  const swing = height * 0.26 * (1 - line / LINES) * (0.75 + 0.25 * Math.sin(seconds * 0.5 + i * 2));
  const speed = seconds * (0.24 + 0.05 * i);
  pen.globalAlpha = 0.42 - 0.07 * line;
  pen.strokeStyle = colour;
  pen.lineWidth = line ? 1 : 1.75;
  pen.beginPath();
  for (let x = 0; x <= width; x += 6) {
    const place = x / width;
    const envelope = Math.sin(Math.PI * place) ** 1.5;
    const wave =
      Math.sin(place * (5 + 1.7 * i) + speed + i * 1.9) + 0.45 * Math.sin(place * (11 + 2 * i) - speed * 1.6);
    pen.lineTo(x, height * 0.66 + swing * envelope * wave);
  }
  pen.stroke();
}
