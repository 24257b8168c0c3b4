// One run seen from a corner of the ceiling, walls cut low; the same calls as Stage.
const FLOOR = "#f3efe7", WALL_TOP = "#4a5364", WALL_SIDE = "#6b7588";
const WOODS = ["#d8c6ab", "#bda684"], FABRICS = ["#b9c3d0", "#94a1b2"], LEAVES = ["#8fb37c", "#6f9460"];
const SKIN = "#c69a76", HAIR = "#4a372c", TROUSERS = "#49505e";
const WALL_HEIGHT = 0.4;

class DollHouse {
  constructor(run, canvas) {
    this.run = run;
    this.canvas = canvas;
    const [left, bottom, right, top] = run.room.box;
    const deep = top - bottom;
    this.eye = [(left + right) / 2, bottom - 1.5 * deep, 1.5 * deep];
    const look = [(left + right) / 2, bottom + 0.5 * deep, 0.3];
    const ahead = look.map((value, i) => value - this.eye[i]);
    const length = Math.hypot(...ahead);
    this.ahead = ahead.map((value) => value / length);
    this.up = [0, -this.ahead[2], this.ahead[1]];
    this.walked = run.people.map((person) => this.distances(person.poses));
  }

  pictures() { return []; }

  distances(poses) {
    let sum = 0;
    return poses.map((pose, i) => {
      const before = poses[i - 1];
      if (pose && before) sum += Math.hypot(pose[0] - before[0], pose[1] - before[1]);
      return sum;
    });
  }

  // Where a point of the room is on an ideal image: right, up, and how deep it is [m].
  ideal([x, y, z]) {
    const d = [x - this.eye[0], y - this.eye[1], z - this.eye[2]];
    const deep = d[1] * this.ahead[1] + d[2] * this.ahead[2];
    return [d[0] / deep, (d[1] * this.up[1] + d[2] * this.up[2]) / deep, deep];
  }

  fit() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [left, bottom, right, top] = this.run.room.box;
    const corners = [[left, bottom], [right, bottom], [right, top], [left, top]]
      .flatMap(([x, y]) => [this.ideal([x, y, 0]), this.ideal([x, y, 2])]);
    const span = (k) => [Math.min(...corners.map((c) => c[k])), Math.max(...corners.map((c) => c[k]))];
    const [x0, x1] = span(0), [y0, y1] = span(1);
    this.canvas.width = Math.round((this.canvas.clientWidth || 600) * ratio);
    this.scale = this.canvas.width / (x1 - x0);
    this.canvas.height = Math.round((y1 - y0) * this.scale);
    this.shift = [-x0 * this.scale, y1 * this.scale];
    this.small = this.canvas.clientWidth < 560;
  }

  at(point) {
    const [right, up, deep] = this.ideal(point);
    return [this.shift[0] + right * this.scale, this.shift[1] - up * this.scale, deep];
  }

  // Pixels of a metre at a point.
  metre(point) { return this.scale / this.ideal(point)[2]; }

  draw(t) {
    const ctx = this.ctx = this.canvas.getContext("2d");
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const [left, bottom, right, top] = this.run.room.box;
    this.fill([[left, bottom, 0], [right, bottom, 0], [right, top, 0], [left, top, 0]], FLOOR);
    this.drawGoal(t);
    this.drawWay(t);
    const things = [
      ...this.run.solids.map((solid) => this.box(solid)),
      ...this.run.people.map((person, i) => this.personAt(person, i, t)),
      this.robotAt(t),
    ].filter((thing) => thing);
    things.sort((a, b) => b.deep - a.deep).forEach((thing) => thing.paint());
    this.run.people.forEach((person) => this.drawName(person, t));
  }

  trace(points) {
    this.ctx.beginPath();
    points.forEach((point, i) => {
      const [x, y] = this.at(point);
      if (i) this.ctx.lineTo(x, y); else this.ctx.moveTo(x, y);
    });
  }

  fill(points, colour) {
    this.trace(points);
    this.ctx.closePath();
    this.ctx.fillStyle = colour;
    this.ctx.fill();
    this.ctx.strokeStyle = colour;
    this.ctx.lineWidth = 1;
    this.ctx.stroke();
  }

  line(points, colour, metres) {
    this.trace(points);
    this.ctx.lineCap = this.ctx.lineJoin = "round";
    this.ctx.strokeStyle = colour;
    this.ctx.lineWidth = metres * this.metre(points[0]);
    this.ctx.stroke();
  }

  disc([x, y, z], radius, colour) {
    const corners = [...Array(24).keys()].map((i) => i * Math.PI / 12)
      .map((angle) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle), z]);
    this.fill(corners, colour);
  }

  ball(point, radius, colour) {
    const [x, y] = this.at(point);
    this.ctx.beginPath();
    this.ctx.arc(x, y, radius * this.metre(point), 0, 2 * Math.PI);
    this.ctx.fillStyle = colour;
    this.ctx.fill();
  }

  box({ kind, corners, height }) {
    const high = kind === "wall" ? WALL_HEIGHT : height;
    const [light, dark] = { wall: [WALL_TOP, WALL_SIDE], sofa: FABRICS, chair: FABRICS, plant: LEAVES }[kind]
      ?? WOODS;
    const middle = [0, 1].map((k) => corners.reduce((sum, corner) => sum + corner[k], 0) / 4);
    // A long wall counts as far as its farthest end, so that what stands before it is seen.
    const deep = Math[kind === "wall" ? "max" : "min"](
      ...corners.map((corner) => this.ideal([...corner, 0])[2]));
    const paint = () => {
      corners.forEach((a, i) => {
        const b = corners[(i + 1) % 4];
        const out = [b[1] - a[1], a[0] - b[0]];
        const seen = out[0] * (this.eye[0] - a[0]) + out[1] * (this.eye[1] - a[1]) > 0;
        if (seen) this.fill([[...a, 0], [...b, 0], [...b, high], [...a, high]], dark);
      });
      this.fill(corners.map((corner) => [...corner, high]), light);
    };
    return { deep: kind === "wall" ? deep : this.ideal([...middle, 0])[2], paint };
  }

  personAt(person, index, t) {
    const pose = poseAt(this.run.times, person.poses, t);
    if (!pose) return null;
    const i = Math.max(latest(this.run.times, t, (time) => time), 0);
    const walked = this.walked[index];
    const speed = ((walked[i + 1] ?? walked[i]) - walked[i]) / 0.1;
    const swing = Math.min(speed, 1) * 0.28 * Math.sin(walked[i] * 2 * Math.PI / 1.3);
    const waves = person.waves[latest(person.waves, t)]?.on ?? false;
    const paint = () => this.paintPerson(pose, person.colour, swing, waves ? t : null);
    return { deep: this.ideal([pose[0], pose[1], 0])[2], paint };
  }

  paintPerson([x, y, yaw], colour, swing, waveTime) {
    const cos = Math.cos(yaw), sin = Math.sin(yaw);
    const place = ([forward, left, up]) =>
      [x + cos * forward - sin * left, y + sin * forward + cos * left, up];
    const facing = cos * (this.eye[0] - x) + sin * (this.eye[1] - y) > 0;
    const leftFar = -sin * (this.eye[0] - x) + cos * (this.eye[1] - y) < 0;
    this.disc([x, y, 0.005], 0.27, "rgba(40,44,56,0.18)");
    for (const side of leftFar ? [1, -1] : [-1, 1]) {
      const step = side * swing;
      this.line([[0, 0.1 * side, 0.9], [0.04 + 0.5 * step, 0.1 * side, 0.48], [step, 0.1 * side, 0.06]]
        .map(place), TROUSERS, 0.15);
      this.line([[step, 0.1 * side, 0.05], [step + 0.14, 0.1 * side, 0.03]].map(place), HAIR, 0.09);
    }
    const arm = (side) => {
      const raised = waveTime !== null && side < 0;
      const points = raised
        ? [[0, -0.22, 1.38], [0.06, -0.36, 1.3], [0.08, -0.36 + 0.1 * Math.sin(9 * waveTime), 1.62]]
        : [[0, 0.22 * side, 1.38], [-0.5 * side * swing, 0.27 * side, 1.12],
          [0.08 - side * swing, 0.25 * side, 0.9]];
      this.line(points.map(place), darker(colour), 0.1);
      this.ball(place(points[2]), 0.055, SKIN);
    };
    arm(leftFar ? 1 : -1);
    const torso = [[0, 0.2, 1.4], [0, -0.2, 1.4], [0, -0.13, 0.88], [0, 0.13, 0.88]].map(place);
    this.fill(torso, colour);
    this.line([...torso, torso[0]], colour, 0.17);
    arm(leftFar ? -1 : 1);
    this.line([[0, 0, 1.42], [0.01, 0, 1.54]].map(place), SKIN, 0.1);
    const head = place([0.03, 0, 1.63]);
    this.ball(head, 0.125, facing ? SKIN : HAIR);
    if (facing) {
      this.ball(place([-0.03, 0, 1.7]), 0.105, HAIR);
      this.ball(place([0.09, 0, 1.615]), 0.085, SKIN);
      for (const side of [1, -1]) this.ball(place([0.15, 0.045 * side, 1.65]), 0.016, INK);
      this.ball(place([0.19, 0, 1.6]), 0.024, "#a97d5c");
    } else {
      this.ball(place([0.13, 0, 1.61]), 0.05, SKIN);
      this.ball(head, 0.115, HAIR);
    }
  }

  robotAt(t) {
    const [x, y, yaw] = poseAt(this.run.times, this.run.robot, t);
    const paint = () => {
      const { radius, colour } = this.run;
      const stack = (from, to, wide, tone) => {
        for (let z = from; z <= to + 1e-9; z += 0.02) this.disc([x, y, z], wide, tone);
      };
      this.disc([x, y, 0.005], radius + 0.05, "rgba(40,44,56,0.2)");
      stack(0.04, 0.28, radius, "#c9ced6");
      this.disc([x, y, 0.3], radius, "#eef0f3");
      const tip = (forward, left, up) => [x + Math.cos(yaw) * forward - Math.sin(yaw) * left,
        y + Math.sin(yaw) * forward + Math.cos(yaw) * left, up];
      this.fill([tip(radius, 0, 0.31), tip(0.5 * radius, 0.12, 0.31), tip(0.5 * radius, -0.12, 0.31)], colour);
      stack(0.3, 1.0, 0.14, "#e4e7eb");
      this.line([tip(0.12, 0, 0.45), tip(0.12, 0, 0.95)], colour, 0.07);
      stack(1.0, 1.08, 0.07, "#aab1bc");
      stack(1.1, 1.28, 0.15, "#eef0f3");
      const facing = Math.cos(yaw) * (this.eye[0] - x) + Math.sin(yaw) * (this.eye[1] - y) > 0;
      if (facing) {
        this.line([tip(0.15, 0.07, 1.2), tip(0.16, 0, 1.2), tip(0.15, -0.07, 1.2)], INK, 0.07);
        for (const side of [1, -1]) this.ball(tip(0.19, 0.045 * side, 1.2), 0.022, "#7fe3ff");
      }
    };
    return { deep: this.ideal([x, y, 0])[2], paint };
  }

  drawWay(t) {
    const { times, robot, colour } = this.run;
    const end = Math.max(latest(times, t, (time) => time), 0);
    const way = [...robot.slice(0, end + 1), poseAt(times, robot, t)].map(([x, y]) => [x, y, 0.01]);
    if (way.length > 1) this.line(way, colour, 0.05);
  }

  drawGoal(t) {
    const goal = this.run.goals[latest(this.run.goals, t)];
    if (!goal) return;
    const ring = [...Array(37).keys()].map((i) => i * Math.PI / 18)
      .map((a) => [goal.pose[0] + 0.38 * Math.cos(a), goal.pose[1] + 0.38 * Math.sin(a), 0.01]);
    this.line(ring, "#8a919e", 0.05);
  }

  drawName(person, t) {
    const pose = poseAt(this.run.times, person.poses, t);
    if (!pose || this.small) return;
    const [x, y] = this.at([pose[0], pose[1], 1.95]);
    const ctx = this.ctx, size = 12 * this.canvas.width / this.canvas.clientWidth;
    ctx.font = `${size}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.lineWidth = 0.25 * size;
    ctx.strokeStyle = "rgba(255,255,255,0.9)";
    ctx.strokeText(person.name, x, y);
    ctx.fillStyle = INK;
    ctx.fillText(person.name, x, y);
  }
}
