// Plays the runs of one scenario side by side on one clock.
// Cost at the robot's place over time, all runs, with a cursor.
class Strip {
  constructor(data, canvas) { this.data = data; this.canvas = canvas; }

  fit() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.ratio = ratio;
    this.canvas.width = Math.round((this.canvas.clientWidth || 600) * ratio);
    this.canvas.height = Math.round(84 * ratio);
    const costs = this.data.runs.flatMap((run) => run.cost);
    this.highest = Math.max(...costs, 0.1) * 1.15;
  }

  draw(t) {
    const ctx = this.canvas.getContext("2d"), { width, height } = this.canvas, k = this.ratio;
    const x = (time) => 8 * k + (width - 16 * k) * time / this.data.duration;
    const y = (cost) => height - 4 * k - (height - 22 * k) * cost / this.highest;
    ctx.clearRect(0, 0, width, height);
    ctx.fillStyle = style("--quiet");
    ctx.font = `${11 * k}px system-ui, sans-serif`;
    ctx.textBaseline = "top";
    ctx.fillText("personal-space cost at the robot's place", 8 * k, 2 * k);
    for (const run of this.data.runs) {
      ctx.beginPath();
      run.times.forEach((time, i) => ctx[i ? "lineTo" : "moveTo"](x(time), y(run.cost[i])));
      ctx.strokeStyle = run.colour;
      ctx.lineWidth = 1.8 * k;
      ctx.stroke();
      ctx.lineTo(x(run.times.at(-1)), y(0));
      ctx.lineTo(x(run.times[0]), y(0));
      ctx.globalAlpha = 0.15;
      ctx.fillStyle = run.colour;
      ctx.fill();
      ctx.globalAlpha = 1;
      const here = Math.max(latest(run.times, t, (value) => value), 0);
      ctx.beginPath();
      ctx.arc(x(run.times[here]), y(run.cost[here]), 3.5 * k, 0, 2 * Math.PI);
      ctx.fillStyle = run.colour;
      ctx.fill();
    }
    ctx.fillStyle = style("--ink");
    ctx.fillRect(x(t) - 0.5 * k, 18 * k, k, height - 22 * k);
  }
}

// The skeletons that the robot's camera saw last.
class Camera {
  constructor(data, canvas) {
    this.data = data;
    this.views = data.runs[0].views;
    this.canvas = canvas;
  }

  fit() {
    const [width, height] = this.views[0].size;
    this.canvas.width = width;
    this.canvas.height = height;
  }

  draw(t) {
    const view = this.views[Math.max(latest(this.views, t), 0)];
    const ctx = this.canvas.getContext("2d");
    ctx.fillStyle = "#1b2030";
    ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
    ctx.font = "22px system-ui, sans-serif";
    ctx.fillStyle = "#c8d0de";
    ctx.textAlign = "left";
    ctx.fillText(`robot's camera, ${view.t.toFixed(1)} s`, 14, 32);
    ctx.textAlign = "center";
    if (!view.bodies.length) ctx.fillText("nobody in view", view.size[0] / 2, view.size[1] / 2);
    view.bodies.forEach((body) => this.drawBody(ctx, body));
  }

  drawBody(ctx, { name, joints }) {
    ctx.lineCap = "round";
    ctx.lineWidth = 6;
    for (const [a, b] of this.data.edges) {
      const sure = Math.min(joints[a][2], joints[b][2]);
      if (sure <= 0.1) continue;
      const sides = this.data.sides;
      ctx.globalAlpha = 0.35 + 0.65 * sure;
      ctx.strokeStyle = (sides[a] === sides[b] && SIDES[sides[a]]) || "#e8ecf2";
      ctx.beginPath();
      ctx.moveTo(joints[a][0], joints[a][1]);
      ctx.lineTo(joints[b][0], joints[b][1]);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
    ctx.fillStyle = "white";
    const seen = joints.filter((joint) => joint[2] > 0.1);
    for (const [x, y] of seen) {
      ctx.beginPath();
      ctx.arc(x, y, 4, 0, 2 * Math.PI);
      ctx.fill();
    }
    if (!seen.length) return;
    const top = Math.min(...seen.map((joint) => joint[1]));
    const middle = seen.reduce((sum, joint) => sum + joint[0], 0) / seen.length;
    ctx.fillText(name, middle, Math.max(top - 26, 30));
  }
}

class Player {
  constructor(root) {
    const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const find = (selector) => root.querySelector(selector);
    this.data = data;
    const canvases = [...root.querySelectorAll("canvas.stage")];
    this.views = [Stage, DollHouse]
      .map((View) => canvases.map((canvas, i) => new View(data.runs[i], canvas)));
    this.stages = this.views[0];
    this.others = [new Strip(data, find("canvas.strip"))];
    if (find("canvas.camera")) this.others.push(new Camera(data, find("canvas.camera")));
    this.viewButton = find("button.view");
    this.viewButton.addEventListener("click", () => this.changeView());
    this.captions = [...root.querySelectorAll(".event")];
    this.button = find("button.play");
    this.slider = find("input.time");
    this.readout = find("output");
    this.speed = find("select");
    this.time = 0;
    this.playing = false;
    this.button.addEventListener("click", () => this.toggle());
    this.slider.addEventListener("input", () => {
      this.pause();
      this.show(Number(this.slider.value));
    });
    for (const picture of this.views[0].flatMap((stage) => stage.pictures())) {
      picture.addEventListener("load", () => this.show(this.time));
    }
    new ResizeObserver(() => this.fit()).observe(root);
    window.addEventListener("beforeprint", () => this.show(this.data.duration));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.fit());
    this.fit();
  }

  get parts() { return [...this.stages, ...this.others]; }

  fit() {
    this.parts.forEach((part) => part.fit());
    this.show(this.time);
  }

  changeView() {
    const [above, inside] = this.views;
    this.stages = this.stages === above ? inside : above;
    this.viewButton.textContent = this.stages === above ? "In the room" : "From above";
    this.fit();
  }

  show(time) {
    this.time = Math.min(Math.max(time, 0), this.data.duration);
    this.parts.forEach((part) => part.draw(this.time));
    this.slider.value = this.time;
    this.readout.textContent = `${this.time.toFixed(1)} s`;
    this.data.runs.forEach((run, i) => {
      const event = run.events[latest(run.events, this.time)];
      this.captions[i].textContent = event ? event.text : "";
    });
  }

  toggle() { if (this.playing) this.pause(); else this.play(); }

  play() {
    if (this.playing) return;
    if (this.time >= this.data.duration) this.time = 0;
    this.playing = true;
    this.button.textContent = "Pause";
    let before = performance.now();
    const step = (now) => {
      if (!this.playing) return;
      this.show(this.time + (now - before) / 1000 * Number(this.speed.value));
      before = now;
      if (this.time >= this.data.duration) this.pause(); else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  pause() {
    this.playing = false;
    this.button.textContent = this.time >= this.data.duration ? "Play again" : "Play";
  }
}

const players = [...document.querySelectorAll(".player")].map((root) => new Player(root));
// report.html#t=7.5 shows all players at 7.5 s, #t=7.5,room as seen in the room.
const wanted = /^#t=([0-9.]+)(,room)?$/.exec(location.hash);
if (wanted) {
  players.forEach((player) => {
    if (wanted[2]) player.changeView();
    player.show(Number(wanted[1]));
  });
} else if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
  const watcher = new IntersectionObserver((entries) => entries.forEach((entry) => {
    const player = players.find((candidate) => candidate.stages[0].canvas === entry.target);
    if (entry.isIntersecting && player.time === 0) player.play();
    else if (!entry.isIntersecting && player.playing) player.pause();
  }), { threshold: 0.6 });
  players.forEach((player) => watcher.observe(player.stages[0].canvas));
}
