// One run from above on a canvas; the page wraps this file and player.js into one function.
const INK = "#22262e", QUIET = "#6b7280";
const SIDES = { left: "#4cc9f0", right: "#ffb454" };
const darker = (hex) => `rgb(${[1, 3, 5]
  .map((i) => Math.round(0.62 * parseInt(hex.slice(i, i + 2), 16))).join(",")})`;
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const loadPicture = (uri) => {
  const picture = new Image();
  picture.src = uri;
  return picture;
};

// Index of the last entry at or before t; -1 when all are later.
const latest = (entries, t, time = (entry) => entry.t) => {
  let low = 0, high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time(entries[middle]) <= t + 1e-6) low = middle + 1; else high = middle;
  }
  return low - 1;
};

// Pose at time t between samples; null while absent.
const poseAt = (times, poses, t) => {
  const i = Math.max(latest(times, t, (x) => x), 0);
  const a = poses[i], b = poses[Math.min(i + 1, poses.length - 1)];
  if (!a || !b || t <= times[0]) return a;
  const gap = (times[i + 1] ?? times[i]) - times[i];
  const share = gap > 0 ? Math.min((t - times[i]) / gap, 1) : 0;
  const turn = Math.atan2(Math.sin(b[2] - a[2]), Math.cos(b[2] - a[2]));
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * turn];
};

class Stage {
  constructor(run, canvas) {
    this.run = run;
    this.canvas = canvas;
    this.room = loadPicture(run.room.picture);
    this.frames = run.costs.map((frame) => ({ ...frame, image: loadPicture(frame.picture) }));
    const [left, bottom, right, top] = run.room.box;
    this.width = right - left;
    this.height = top - bottom;
  }

  pictures() { return [this.room, ...this.frames.map((frame) => frame.image)]; }

  fit() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = this.canvas.clientWidth || 600;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(width * ratio * this.height / this.width);
    this.scale = this.canvas.width / this.width;
    this.narrow = width < 560;
    this.pixel = ratio * Math.max(width / 640, 0.72);
  }

  draw(t) {
    const ctx = this.canvas.getContext("2d");
    const [left, bottom] = this.run.room.box;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.room.complete) ctx.drawImage(this.room, 0, 0, this.canvas.width, this.canvas.height);
    // From here on in metres of the map, y up.
    ctx.setTransform(this.scale, 0, 0, -this.scale, -left * this.scale,
      this.canvas.height + bottom * this.scale);
    this.metre = this.pixel / this.scale;
    this.drawCosts(ctx, t);
    this.drawPath(ctx, t);
    this.drawGoal(ctx, t);
    this.drawWay(ctx, t);
    const people = this.run.people
      .map((person) => ({ person, pose: poseAt(this.run.times, person.poses, t) }))
      .filter(({ pose }) => pose);
    people.forEach(({ person, pose }) => this.drawPerson(ctx, pose, person.colour));
    this.drawRobot(ctx, poseAt(this.run.times, this.run.robot, t));
    people.forEach(({ person, pose }) => this.drawLabel(ctx, person, pose, people, t));
  }

  drawCosts(ctx, t) {
    const frame = this.frames[latest(this.frames, t)];
    if (!frame || !frame.image.complete) return;
    ctx.save();
    ctx.translate(frame.origin[0], frame.origin[1]);
    ctx.rotate(frame.origin[2]);
    ctx.scale(1, -1);
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(frame.image, 0, -frame.size[1], frame.size[0], frame.size[1]);
    ctx.restore();
  }

  polyline(ctx, points, colour, width, dash = []) {
    if (points.length < 2) return;
    ctx.beginPath();
    points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    ctx.lineJoin = ctx.lineCap = dash.length ? "butt" : "round";
    if (dash.length) ctx.lineJoin = "round";
    ctx.setLineDash(dash.map((length) => length * this.metre));
    ctx.strokeStyle = colour;
    ctx.lineWidth = width * this.metre;
    ctx.stroke();
    ctx.setLineDash([]);
  }

  drawPath(ctx, t) {
    const path = this.run.paths[latest(this.run.paths, t)];
    if (path) this.polyline(ctx, path.points, INK, 1.4, [5, 4]);
  }

  drawGoal(ctx, t) {
    const goal = this.run.goals[latest(this.run.goals, t)];
    if (!goal) return;
    ctx.save();
    ctx.translate(goal.pose[0], goal.pose[1]);
    ctx.rotate(goal.pose[2]);
    ctx.strokeStyle = ctx.fillStyle = INK;
    ctx.lineWidth = 1.6 * this.metre;
    ctx.setLineDash([4 * this.metre, 3 * this.metre]);
    ctx.beginPath();
    ctx.arc(0, 0, 0.38, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(0.56, 0); ctx.lineTo(0.4, 0.1); ctx.lineTo(0.4, -0.1);
    ctx.fill();
    ctx.restore();
    this.text(ctx, "goal", goal.pose[0], goal.pose[1] + 0.62, INK);
  }

  drawWay(ctx, t) {
    const { times, robot, colour } = this.run;
    const end = Math.max(latest(times, t, (x) => x), 0);
    const way = [...robot.slice(0, end + 1), poseAt(times, robot, t)];
    this.polyline(ctx, way, "rgba(255,255,255,0.85)", 6);
    this.polyline(ctx, way, colour, 3.2);
  }

  drawPerson(ctx, [x, y, yaw], colour) {
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(yaw);
    ctx.strokeStyle = "white";
    ctx.lineWidth = 1.2 * this.metre;
    const shape = (fill, outline) => {
      ctx.beginPath();
      outline();
      ctx.closePath();
      ctx.fillStyle = fill;
      ctx.fill();
      ctx.stroke();
    };
    shape(colour, () => ctx.ellipse(0, 0, 0.13, 0.25, 0, 0, 2 * Math.PI));
    const dark = darker(colour);
    shape(dark, () => { ctx.moveTo(0.3, 0); ctx.lineTo(0.05, 0.1); ctx.lineTo(0.05, -0.1); });
    shape(dark, () => ctx.arc(0, 0, 0.105, 0, 2 * Math.PI));
    ctx.restore();
  }

  drawRobot(ctx, [x, y, yaw]) {
    const { radius, colour } = this.run;
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(yaw);
    ctx.beginPath();
    ctx.arc(0, 0, radius, 0, 2 * Math.PI);
    ctx.fillStyle = "rgba(255,255,255,0.95)";
    ctx.fill();
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2.4 * this.metre;
    ctx.stroke();
    ctx.beginPath();
    [[0.85, 0], [-0.25, 0.5], [-0.05, 0], [-0.25, -0.5]]
      .forEach(([a, b], i) => ctx[i ? "lineTo" : "moveTo"](a * radius, b * radius));
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.restore();
  }

  // Name and intent, pushed away from the others who stand near.
  drawLabel(ctx, person, [x, y], people, t) {
    const near = [...people.map(({ pose }) => pose), poseAt(this.run.times, this.run.robot, t)]
      .filter((pose) => Math.hypot(pose[0] - x, pose[1] - y) < 2.5);
    let dx = 0, dy = -0.6;
    if (near.length > 1) {
      const mean = (k) => near.reduce((sum, pose) => sum + pose[k], 0) / near.length;
      const away = [x - mean(0), y - mean(1)];
      const length = Math.max(Math.hypot(...away), 1e-6);
      [dx, dy] = [away[0] / length * 1.1, away[1] / length * 0.65];
    }
    const state = person.labels[latest(person.labels, t)] ?? { text: "", colour: QUIET };
    const line = 12 * this.metre;
    const second = this.narrow && state.colour === QUIET ? "" : state.text;
    this.text(ctx, person.name, x + dx, y + dy + (second ? line / 2 : 0), state.colour);
    if (second) this.text(ctx, second, x + dx, y + dy - line / 2, state.colour);
  }

  text(ctx, words, x, y, colour) {
    ctx.save();
    ctx.translate(x, y);
    ctx.scale(this.metre, -this.metre);
    ctx.font = "11px system-ui, sans-serif";
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineWidth = 3;
    ctx.lineJoin = "round";
    ctx.strokeStyle = "rgba(255,255,255,0.9)";
    ctx.strokeText(words, 0, 0);
    ctx.fillStyle = colour;
    ctx.fillText(words, 0, 0);
    ctx.restore();
  }
}

