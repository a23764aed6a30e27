#!/usr/bin/env python3
"""Random legal BM1684X commands, executed one at a time on the vendor functional model.

  fuzz_commands.py --seed S --n N [--ops AR,CONV,...] [--padding] --out FILE.bin.xz   record N vectors
  fuzz_commands.py --check FILE.bin.xz                                    run recorded vectors again on the vendor model
  fuzz_commands.py --list FILE.bin.xz                                     counts per op

Needs the tpu_mlir wheel (TPU_MLIR_DIR, or the wheel importable) and LD_LIBRARY_PATH=<tpu_mlir>/lib.

File (xz over little-endian binary): "BMV1", u32 count, then per case
  u8 tag_len, tag, u8 engine (0 TIU, 1 GDMA), u16 cmd_len, cmd bytes, patches before, patches after
  patches = u32 n, then n x { char space, u32 address, u32 length, bytes }
  space: L = local memory (lane*262144+offset), G = global memory (offset from 0x100000000), C = L2 SRAM.
State before a case: local memory byte a = ((a*2654435761 mod 2^32) >> 24), global and L2 memory zero, static memory =
the firmware's tables, then the "before" patches in order.  "after" = every byte run that differs afterwards; all other bytes unchanged.
"""
import os, random, sys, struct, lzma, argparse
from collections import Counter
import numpy as np
HERE=os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0,HERE)
from commands import COMMANDS as ISA
I8,F16,F32,I16,I32,BF16=0,1,2,3,4,5
SZ={I8:1,F16:2,F32:4,I16:2,I32:4,BF16:2}
FLOATS=(F16,F32,BF16)
LANE=262144
def encode(name,f):
    e=ISA[name]; v=0
    d={x[0]:(x[1],x[2]) for x in e['fields']}
    for k,val in f.items():
        if k not in d: raise KeyError((name,k))
        o,w=d[k]
        if val<0: val&=(1<<w)-1
        if val>>w: raise OverflowError((name,k,val,w))
        v|=val<<o
    return v.to_bytes(e['bytes'],'little')
OPT={'opd0_n','opd0_c','opd0_h','opd0_w','opd1_n','opd1_c','opd1_h','opd1_w'}
def enc_tiu(rng,long,short,f,p_short=.6,opt=OPT):
    """f: long-form dict; use the short form when it can carry every nonzero field"""
    if short and rng.random()<p_short:
        names={x[0] for x in ISA[short]['fields']}
        g={k:v for k,v in f.items() if k in names}
        if all(v==0 or k in names or k in opt for k,v in f.items()):
            try:
                g['cmd_short']=1; return encode(short,g)
            except OverflowError: pass
    g=dict(f); g['cmd_short']=0; g['tsk_lane_num']=(1<<64)-1 if rng.random()<.8 else rng.getrandbits(64)
    return encode(long,g)
def rnd_floats(r,n,prof):
    """float32 values"""
    if prof==0: x=r.standard_normal(n)
    elif prof==1: x=r.standard_normal(n)*np.exp2(r.integers(-20,20,n))
    elif prof==2: x=np.round(r.standard_normal(n)*8)
    elif prof==3: x=r.integers(0,2**32,n,dtype=np.uint64).astype(np.uint32).view(np.float32)
    elif prof==5: x=r.standard_normal(n)*4
    else: x=np.exp2(r.uniform(-8,8,n))
    with np.errstate(all='ignore'): x=np.asarray(x,dtype=np.float32)
    return x
SPEC32=np.array([0,0x80000000,0x7f800000,0xff800000,0x7fc00000,0xffc00001,0x7f800001,0x00000001,0x80000001,0x007fffff,0x00800000,0x7f7fffff,0xff7fffff,0x3f800000,0xbf800000,0x3f000000,0x4b000000,0x4f000000,0xcf000000,0x33800000,0x477fe000,0x477ff000,0x38800000,0x33000000,0x7fffffff,0xffffffff],np.uint32)
def rnd_data(rng,r,dt,n,prof=None):
    if dt in FLOATS:
        if prof is None: prof=rng.choice([0,0,0,1,2,3,5,4])
        x=rnd_floats(r,n,prof)
        if rng.random()<.25 and n:
            k=max(1,n//12); x[r.integers(0,n,k)]=SPEC32.view(np.float32)[r.integers(0,len(SPEC32),k)]
        u=x.view(np.uint32)
        if dt==F32: return u.tobytes()
        if dt==BF16: return (u>>16).astype(np.uint16).tobytes()
        if prof==3: return r.integers(0,65536,n).astype(np.uint16).tobytes()
        with np.errstate(all='ignore'): return x.astype(np.float16).tobytes()
    b={1:8,2:16,4:32}[SZ[dt]]
    p=rng.random()
    if p<.55: v=r.integers(0,1<<b,n,dtype=np.uint64)
    elif p<.85: v=r.integers(0,64,n,dtype=np.uint64)
    else: v=(r.integers(-300,300,n)).astype(np.int64).view(np.uint64)
    return v.astype({1:np.uint8,2:np.uint16,4:np.uint32}[SZ[dt]]).tobytes()
def al(x,a): return (x+a-1)//a*a
def up(x,a): return (x+a-1)//a
class Alloc:
    """one bank-aligned area per operand, all on the same first lane unless told otherwise"""
    def __init__(s,rng): s.rng=rng; s.bank=0
    def new(s,nbytes_lane,lane0=0,align=64):
        nb=max(1,up(nbytes_lane,16384)); a=s.bank*16384; s.bank+=nb
        if nbytes_lane<8192: a+=s.rng.choice([0,0,64,128,1024])//align*align
        assert s.bank<=16
        return lane0*LANE+a
def strides(lay,shape,dt,lane0=0):
    n,c,h,w=shape; e=64//SZ[dt]; cl=up(lane0+c,64)
    if lay==0: cs=al(h*w,e); return (cl*cs,cs,w,1)
    if lay==1: cs=h*w; return (cl*cs,cs,w,1)
    raise ValueError
def span(st,shape,lane0):
    n,c,h,w=shape
    return (n-1)*st[0]+(up(lane0+c,64)-1)*st[1]+(h-1)*st[2]+(w-1)*st[3]+1
def put(pre,rng,r,addr,st,shape,dt,prof=None):
    """random tensor: contiguous fill of the whole span in each used lane"""
    n,c,h,w=shape; lane0=addr//LANE; off=addr%LANE; L=span(st,shape,lane0)
    for l in range(64):
        if c+lane0<64 and not (lane0<=l<lane0+c): continue
        pre.append(('L',l*LANE+off,rnd_data(rng,r,dt,L,prof)))
def rnd_shape(rng,maxel=400,cmax=140):
    while 1:
        n=rng.choice([1,1,1,2,3]); c=rng.choice([1,2,3,5,16,rng.randint(1,70),rng.randint(1,cmax)])
        h=rng.choice([1,1,2,3,5,rng.randint(1,9)]); w=rng.choice([1,2,3,4,7,8,16,17,rng.randint(1,40)])
        if n*c*h*w<=maxel: return (n,c,h,w)
def const_of(rng,r,dt,prof=None):
    b=rnd_data(rng,r,dt,1,prof); return int.from_bytes(b,'little')
HEAD=dict()
def base(rng,typ,eu):
    return dict(cmd_id=rng.randrange(1,1000),cmd_id_dep=rng.randrange(0,1000),tsk_typ=typ,tsk_eu_typ=eu)
def lay_pick(rng,shape,dt,lane0,allow=(0,0,0,1,3)):
    lay=rng.choice(allow)
    if lay==3:
        b=strides(rng.choice([0,1]),shape,dt,lane0); n,c,h,w=shape
        k=rng.random()
        if k<.5: return 3,b
        ws=rng.choice([1,1,2,3]); hs=ws*w+rng.choice([0,0,1,5]); cs=hs*h+rng.choice([0,0,3]); ns=cs*up(lane0+c,64)+rng.choice([0,2])
        return 3,(ns,cs,hs,ws)
    return lay,strides(lay,shape,dt,lane0)
def g_ar(rng,r,eu=None):
    eu=eu if eu is not None else rng.choice([0,0,1,2,2,3,3,4,5,6,7,8,9,10,11,12,13,14,14,14,15,16,17,18,19,20,21,22,23,26,27,28,29,30])
    shape=rnd_shape(rng,300); n,c,h,w=shape
    isf=rng.random()<.5 or eu==27
    f=base(rng,3,eu)
    if eu in(10,11,13):
        p0=rng.choice([F32,F16,BF16,I8,I16,I32]); p1=p0; pr=rng.choice([I8,I16,I32,F32,F16,BF16]); p2=pr
    elif eu==14:
        p0=rng.choice([0,1,2,3,4,5]); pr=rng.choice([0,1,2,3,4,5]); p1=p2=p0
    elif isf and eu in(0,2,3,4,5,12,18,19,26,27,28,17):
        pr=p0=p1=p2=rng.choice([F32,F16,BF16])
    else:
        p0=rng.choice([I8,I16,I32]); p1=rng.choice([I8,I16,I32,p0,p0]); pr=rng.choice([I8,I16,I32]); p2=rng.choice([I8,I16,I32,I8])
        if eu==12: p0=p1=pr=p2=F32
        if eu in(1,26,29,30,19,28,22,27): p1=p2=p0; pr=p0 if eu not in(29,30) else rng.choice([x for x in(I8,I16,I32) if SZ[x]<=SZ[p0]])
        if eu in(7,8,9): p1=p2=pr=p0
    nopd={1:1,14:1,19:1,26:1,28:1,29:1,30:1,0:3,2:3,3:3,18:3,17:3,10:3,11:3,13:3,15:3,16:3,20:3,23:3}.get(eu,2)
    if p0 in FLOATS and eu in(0,2,3): nopd=2
    f.update(tsk_opd_num=nopd,res0_prec=pr,opd0_prec=p0,opd1_prec=p1,opd2_prec=p2)
    for i in range(3): f[f'opd{i}_sign']=rng.randrange(2)
    f['opd2_n_str']=rng.choice([0,0,1,2,3,4,5,6]) if eu!=12 else rng.choice([0,1,2,3])
    lane0=rng.choice([0,0,0,rng.randrange(64)])
    A=Alloc(rng); pre=[]
    f.update(res0_n=n,res0_c=c,res0_h=h,res0_w=w,opd0_n=n,opd0_c=c,opd0_h=h,opd0_w=w,opd1_n=n,opd1_c=c,opd1_h=h,opd1_w=w)
    simple=rng.random()<.5
    lay,st=lay_pick(rng,shape,pr,lane0,(0,) if simple else (0,0,1,3))
    f['res0_str']=lay; f['res0_addr']=A.new(span(st,shape,lane0)*SZ[pr],lane0,4 if lay!=0 else 64)
    if lay==3: f.update(zip(('res0_n_str','res0_c_str','res0_h_str','res0_w_str'),st))
    prof=rng.choice([None,None,0,5])
    for i,p in ((0,p0),(1,p1)):
        if i>=nopd: continue
        if rng.random()<(.1 if i==0 else .3):
            f[f'opd{i}_const']=1; f[f'opd{i}_addr']=const_of(rng,r,p,prof) if not(i==1 and eu in(6,21,22)) else rng.randint(1-8*SZ[p0],8*SZ[p0]-1)&((1<<8*SZ[p])-1); continue
        sh=list(shape); bc=(not simple) and rng.random()<.3
        lay,st=lay_pick(rng,shape,p,lane0,(0,) if simple else (0,0,1,3))
        if bc:
            lay=3; st=list(strides(rng.choice([0,1]),shape,p,lane0))
            for d in (0,2,3):
                if rng.random()<.4: st[d]=0
            if rng.random()<.3: st[1]=0
            st=tuple(st)
        if eu==28 and i==0: sh=[1,c,h,w]
        a=A.new(span(st,shape,lane0)*SZ[p],lane0,4 if lay else 64)
        f[f'opd{i}_str']=lay; f[f'opd{i}_addr']=a
        if lay==3: f.update(zip([f'opd{i}_{x}_str' for x in 'nchw'],st))
        if i==1 and eu in(6,21,22):
            nb=8*SZ[p0]; T={1:np.int8,2:np.int16,4:np.int32}[SZ[p]]
            for l in range(64):
                if c+lane0<64 and not(lane0<=l<lane0+c): continue
                pre.append(('L',l*LANE+a%LANE,r.integers(-nb+1,nb,span(st,shape,lane0)).astype(T).tobytes()))
        else: put(pre,rng,r,a,st,shape,p,prof)
    if nopd==3:
        if rng.random()<.5 or eu in(10,11,13):
            f['opd2_const']=1; f['opd2_addr']=const_of(rng,r,p2,0) if (p2 in FLOATS or eu in(10,11,13)) else rng.choice([0,1,3,7,-1,-3,-9,12])&0xffffffff
        else:
            st=strides(1,(1,c,1,2 if eu==17 else 1),p2,lane0); a=A.new(span(st,(1,c,1,2),lane0)*SZ[p2],lane0,4); f['opd2_addr']=a
            dt=p2
            data=[]
            for l in range(64):
                L=up(lane0+c,64)*(2 if eu==17 else 1)
                if dt in FLOATS or eu in(10,11,13,17): b=rnd_data(rng,r,dt,L,0)
                else: b=r.integers(-12,8,L).astype({1:np.int8,2:np.int16,4:np.int32}[SZ[dt]]).tobytes()
                pre.append(('L',l*LANE+a%LANE,b))
    return 0,enc_tiu(rng,'AR','sAR',f),pre,f'AR.{eu}'

def shape_fields(f,nm,sh): f.update(zip([f'{nm}_{x}' for x in 'nchw'],sh))
def g_cmp(rng,r):
    eu=rng.choice([22,23,24,25,26]); shape=rnd_shape(rng,200); n,c,h,w=shape
    p=rng.choice([F32,F16,BF16,I8,I16,I32]); q=rng.choice([F32,F16,BF16,I8,I16,I32])
    f=base(rng,13,eu); lane0=rng.choice([0,0,rng.randrange(64)]); A=Alloc(rng); pre=[]
    f.update(opd0_prec=p,opd2_prec=q,opd0_sign=rng.randrange(2)); shape_fields(f,'res0',shape)
    st=strides(0,shape,p,lane0); sq=strides(0,shape,q,lane0)
    rp=p if eu in(22,25) else q
    f['res0_addr']=A.new(span(strides(0,shape,rp,lane0),shape,lane0)*SZ[rp],lane0)
    if eu in(22,25): f['res1_addr']=A.new(span(sq,shape,lane0)*SZ[q],lane0)
    prof=rng.choice([None,2,0])
    for i in range(4):
        pp=p if i<2 else q
        if rng.random()<.3: f[f'opd{i}_const']=1; f[f'opd{i}_addr']=const_of(rng,r,pp,prof); continue
        s=strides(0,shape,pp,lane0); a=A.new(span(s,shape,lane0)*SZ[pp],lane0); f[f'opd{i}_addr']=a
        if i<2 and rng.random()<.15: f[f'opd{i}_str']=3
        put(pre,rng,r,a,s,shape,pp,prof)
    # long form needs same info
    f.update(opd1_prec=p,res0_prec=rp) if False else None
    return 0,enc_tiu(rng,'CMP','sCMP',f,1.0),pre,f'CMP.{eu}'
def compact_put(pre,rng,r,addr,c,lane0,dt,k=1,prof=0,data=None):
    for l in range(64):
        if c+lane0<64 and not(lane0<=l<lane0+c): continue
        L=up(lane0+c,64)*k
        pre.append(('L',l*LANE+addr%LANE,rnd_data(rng,r,dt,L,prof) if data is None else data(L)))
def g_lin(rng,r):
    eu=rng.choice([1,1,20,21]); shape=rnd_shape(rng,250); n,c,h,w=shape; p=rng.choice([F32,F16,BF16])
    f=base(rng,10,eu); lane0=rng.choice([0,0,rng.randrange(64)]); A=Alloc(rng); pre=[]; prof=rng.choice([None,0,5])
    f.update(res0_prec=p); shape_fields(f,'res0',shape); st=strides(0,shape,p,lane0); sp=span(st,shape,lane0)*SZ[p]
    f['res0_addr']=A.new(sp,lane0); a=A.new(sp,lane0); f['opd0_addr']=a; put(pre,rng,r,a,st,shape,p,prof)
    for i in (1,2):
        if i==2 and eu!=1: continue
        if rng.random()<.4: f[f'opd{i}_const']=1; f[f'opd{i}_addr']=const_of(rng,r,p,prof); continue
        a=A.new(64,lane0,4); f[f'opd{i}_addr']=a; compact_put(pre,rng,r,a,c,lane0,p,1,prof)
    return 0,enc_tiu(rng,'LIN','sLIN',f,1.0),pre,f'LIN.{eu}'
def g_sfu(rng,r):
    eu=rng.choice([12,13,13,15,17]); shape=rnd_shape(rng,250); n,c,h,w=shape; p=rng.choice([F32,F16,BF16])
    if eu==12: p=rng.choice([F32,F32,F16,BF16])
    if eu==17: p=F32
    q=p
    if eu==15: q=rng.choice([p,I32 if p==F32 else I16])
    f=base(rng,9,eu); lane0=rng.choice([0,0,rng.randrange(64)]); A=Alloc(rng); pre=[]; prof=rng.choice([None,0,4,5])
    f.update(res0_prec=q,opd0_prec=p); shape_fields(f,'res0',shape); st=strides(0,shape,p,lane0); sp=span(st,shape,lane0)*max(SZ[p],SZ[q])
    f['res0_addr']=A.new(sp,lane0); a=A.new(sp,lane0); f['opd0_addr']=a; put(pre,rng,r,a,st,shape,p,prof)
    if eu in(12,13):
        k=rng.randint(1,12); f['opd1_n']=k; a=A.new(k*4,lane0,64); f['opd1_addr']=a
        for l in range(64): pre.append(('L',l*LANE+a%LANE,rnd_data(rng,r,p,k,prof)))
    if eu==17: f['opd2_n_str']=rng.randrange(4)
    return 0,enc_tiu(rng,'SFU','sSFU',f,1.0),pre,f'SFU.{eu}'
def g_vc(rng,r):
    eu=rng.choice([0,2,3,4,5,7,8,9,10,11,12,13,15,16,20,23]); p=rng.choice([F32,F16,BF16,I8,I16,I32]); isf=p in FLOATS
    if eu in(7,8,9,15,16,20,23) and isf: p=rng.choice([I8,I16,I32]); isf=False
    if eu==12: p=F32; isf=True
    p1=p if isf else rng.choice([p,p,I8,I16,I32]); pr=p if isf else rng.choice([p,I8,I16,I32])
    if eu in(10,11,13): p1=p; pr=rng.choice([p,I8,I16,I32])
    if eu in(7,8,9): p1=pr=p
    f=base(rng,14,eu); c0=rng.randint(1,5); w0=rng.randint(1,6); ol=rng.randint(1,w0); c=rng.choice([1,3,rng.randint(1,70)]); w=rng.randint(1,9)
    n=(c0-1)*w0+ol
    A=Alloc(rng); pre=[]; prof=rng.choice([None,0,2]); la,lb=0,0
    f.update(res0_prec=pr,opd0_prec=p,opd1_prec=p1,opd0_sign=rng.randrange(2),opd1_sign=rng.randrange(2),opd2_n_str=rng.randrange(7),res0_c=c,res0_w=w,opd0_c=c0,opd0_w=w0,opd1_w=ol)
    st=strides(0,(n,c,1,w),pr,0); f['res0_addr']=A.new(span(st,(n,c,1,w),0)*SZ[pr],0)
    s0=strides(0,(1,c0,1,w0),p,0); a=A.new(1024,0); f['opd0_addr']=a; put(pre,rng,r,a,s0,(1,c0,1,w0),p,prof)
    s1=strides(0,(1,c,1,w),p1,0); a=A.new(1024,0); f['opd1_addr']=a; put(pre,rng,r,a,s1,(1,c,1,w),p1,prof)
    if eu in(10,11,13): f['opd2_addr']=const_of(rng,r,pr,0)
    return 0,enc_tiu(rng,'VC','sVC',f,1.0),pre,f'VC.{eu}'
def g_rqdq(rng,r):
    eu=rng.choice([0,0,1,1,3,3,4,4]); shape=rnd_shape(rng,250); n,c,h,w=shape
    if eu in(0,1): p=rng.choice([I16,I32,I32]); q=rng.choice([I8,I16,I8])
    elif eu==3: p=rng.choice([I8,I16]); q=F32
    else: p=rng.choice([I8,I16]); q=rng.choice([I8,I16,I32])
    if eu==0 and rng.random()<.2: p=F32
    f=base(rng,4,eu); lane0=rng.choice([0,0,rng.randrange(64)]); A=Alloc(rng); pre=[]
    f.update(opd0_prec=p,res0_prec=q,opd0_sign=rng.randrange(2),opd2_sign=rng.randrange(2),opd2_n_str=rng.choice([0,1,2,3,4,5,6])|(rng.choice([0,0,1,2,3,4])<<3 if eu==0 else 0)); shape_fields(f,'res0',shape)
    st=strides(0,shape,p,lane0); sq=strides(0,shape,q,lane0)
    f['res0_addr']=A.new(span(sq,shape,lane0)*SZ[q],lane0); a=A.new(span(st,shape,lane0)*SZ[p],lane0); f['opd0_addr']=a; put(pre,rng,r,a,st,shape,p)
    fl=lambda s:int.from_bytes(np.float32(s).tobytes(),'little')
    sc=lambda:float(np.exp2(rng.uniform(-12,2)) *rng.choice([1,1,1,-1]))
    k={0:2,1:3,3:2,4:3}[eu]
    def entry():
        if eu==0: return [fl(sc()),fl(rng.choice([0,rng.randint(-128,127),rng.uniform(-9,9)]))]
        if eu==1: return [rng.randint(-2**31,2**31-1)&0xffffffff if rng.random()<.5 else rng.randint(1,2**20),rng.choice([-3,-8,-12,-20,-31,-1,0,2,-40])&0xffffffff,rng.randint(-128,127)&0xffffffff]
        if eu==3: return [rng.randint(-100,100)&0xffffffff,fl(sc())]
        return [rng.randint(-100,100)&0xffffffff,rng.randint(-2**15,2**15)&0xffffffff,rng.choice([-3,-8,-12,-1,0,2])&0xffffffff]
    if rng.random()<.5:
        f['opd1_const']=1; e=entry()
        if eu in(0,3): f['opd1_addr'],f['opd2_addr']=e
        elif eu==1: f['opd1_addr']=e[0]; f['opd2_addr']=(e[1]&0xff)|((e[2]&0xffff)<<16)
        else: f['opd1_addr']=(e[0]&0xffff)|((e[2]&0xffff)<<16); f['opd2_addr']=e[1]
    else:
        a=A.new(64*16,lane0,64); f['opd1_addr']=a
        kk=k if k!=3 else 3
        for l in range(64):
            L=up(lane0+c,64); d=b''
            for j in range(L):
                e=np.array(entry(),np.uint64).astype(np.uint32).tobytes(); d+=e+b'\0'*(64-len(e))
            pre.append(('L',l*LANE+a%LANE,d))
    return 0,enc_tiu(rng,'RQ_DQ','sRQ_sDQ',f,1.0),pre,f'RQDQ.{eu}'
def g_trans(rng,r):
    eu=rng.choice([0,0,1,1,2,3,4,5]); p=rng.choice([I8,F16,F32]); f=base(rng,5,eu); A=Alloc(rng); pre=[]
    n=rng.randint(1,3); c=rng.randint(1,80); h=rng.randint(1,3); w=rng.randint(1,70)
    if eu in(0,1):
        while n*c*h*w>900: c=rng.randint(1,80); w=rng.randint(1,70)
        f.update(res0_prec=p,opd0_c=w,opd0_w=c); shape_fields(f,'res0',(n,c,h,w)); e=64//SZ[p]
        def lst(n,c,h,w): hs=al(w,e); return (up(c,64)*h*hs,h*hs,hs,1)
        si=lst(n,w,h,c) if eu==0 else strides(0,(n,w,h,c),p); so=strides(0,(n,c,h,w),p) if eu==0 else lst(n,c,h,w)
        f['res0_addr']=A.new(span(so,(n,c,h,w),0)*SZ[p]); a=A.new(span(si,(n,w,h,c),0)*SZ[p]); f['opd0_addr']=a; put(pre,rng,r,a,si,(n,w,h,c),I8 if p==I8 else I16 if p==F16 else I32)
    else:
        c=rng.randint(1,64); 
        while n*c*h*w>600: w=rng.randint(1,40); c=rng.randint(1,64)
        if eu in(4,5): n=h=1
        if eu==5: w=1
        f.update(res0_prec=p); l0=rng.choice([0,0,rng.randrange(0,65-c)]); l1=rng.choice([0,0,rng.randrange(64)]) if eu==3 else rng.choice([0,rng.randrange(0,65-c)]) if eu==2 else 0
        shape_fields(f,'res0',(n,c,h,w)); so=strides(0,(n,c,h,w),p,l0)
        f['res0_addr']=A.new(span(so,(n,c,h,w),l0)*SZ[p],l0)
        if eu in(2,3):
            si=strides(0,(n,c if eu==2 else 1,h,w),p,l1); a=A.new(span(si,(n,c,h,w),l1)*SZ[p],l1); f['opd0_addr']=a; put(pre,rng,r,a,si,(n,c if eu==2 else 1,h,w),I8 if p==I8 else I16 if p==F16 else I32)
            f['opd0_c']=c if eu==2 else 1; f['opd0_w']=w
        else: f['opd0_addr']=0x9000000+rng.choice([0,1024,2048,64*rng.randrange(8)])
    return 0,enc_tiu(rng,'TRANS_BC','sTRANS_sBC',f,1.0),pre,f'TBC.{eu}'

PADDING=False
def pad_mode(rng,f):
    """with --padding: reflect, edge or circular where the input is large enough"""
    if not PADDING: return
    m=rng.choice([1,2,3]); H=(f['opd0_h']-1)*(f['opd0_y_ins0']+1)+1; W=(f['opd0_w']-1)*(f['opd0_x_ins0']+1)+1
    wide=max(f['opd0_up_pad'],f['opd0_dn_pad'])-H, max(f['opd0_lf_pad'],f['opd0_rt_pad'])-W
    if m==2 or max(wide)<(0 if m==1 else 1): f['pad_mode']=m
def g_conv(rng,r):
    p=rng.choice([I8,I8,I8,F16,BF16,F32]); eu=rng.choice([0,0,1,2]) if p==I8 else 0
    while 1:
        n=rng.choice([1,1,2]); ic=rng.choice([1,3,16,32,33,rng.randint(1,70)]); oc=rng.choice([1,4,rng.randint(1,70)]); kh=rng.choice([1,1,2,3]); kw=rng.choice([1,2,3,kh])
        ih=rng.randint(1,7); iw=rng.randint(1,8); sy=rng.choice([1,1,2,3]); sx=rng.choice([1,1,2]); dy=rng.choice([0,0,0,1]); dx=rng.choice([0,0,0,1]); iy=rng.choice([0,0,0,1]); ix=rng.choice([0,0,0,1])
        pads=[rng.choice([0,0,1,2]) for _ in range(4)]
        H=(ih-1)*(iy+1)+1+pads[0]+pads[1]; W=(iw-1)*(ix+1)+1+pads[2]+pads[3]; KH=(kh-1)*(dy+1)+1; KW=(kw-1)*(dx+1)+1
        if H<KH or W<KW: continue
        oh=(H-KH)//sy+1; ow=(W-KW)//sx+1
        if n*oc*oh*ow<=400 and ic*ih*iw*n<=1500 and oc*ic*kh*kw<=2500: break
    f=base(rng,0,eu); A=Alloc(rng); pre=[]; prof=rng.choice([0,0,0,None,2]); l0=rng.choice([0,0,rng.randrange(64)])
    pr=p if p!=I8 else rng.choice([I32,I32,I16]) if eu==0 else rng.choice([I8,I16,I8])
    if p in(F16,BF16): pr=rng.choice([p,p,F32])
    f.update(opd0_sign=rng.randrange(2),opd1_sign=rng.randrange(2),opd2_sign=rng.randrange(2),res0_prec=pr,opd0_prec=p,res0_n=n,res0_c=oc,res0_h=oh,res0_w=ow,opd0_c=ic,opd0_h=ih,opd0_w=iw,opd1_h=kh,opd1_w=kw,res_op_y_str=sy,res_op_x_str=sx,opd1_y_ins0=dy,opd1_x_ins0=dx,opd0_y_ins0=iy,opd0_x_ins0=ix,opd0_up_pad=pads[0],opd0_dn_pad=pads[1],opd0_lf_pad=pads[2],opd0_rt_pad=pads[3],kernel_rotate=rng.choice([0,0,1]))
    pad_mode(rng,f)
    if eu==0: f['opd2_sign']=rng.randrange(2)
    rs=(n,oc,oh,ow); st=strides(0,rs,pr,l0); a=A.new(span(st,rs,l0)*SZ[pr],l0); f['res0_addr']=a
    if eu==0 and rng.random()<.3 and pr in(I32,F32): f['res_add']=1; put(pre,rng,r,a,st,rs,pr,0)
    li=rng.choice([0,0,rng.randrange(64)]) if False else 0
    xs=(n,ic,ih,iw); lay,st=(0,strides(0,xs,p,li)) if rng.random()<.7 else lay_pick(rng,xs,p,li,(3,))
    a=A.new(span(st,xs,li)*SZ[p],li); f['opd0_addr']=a; f['opd0_str']=lay
    if lay==3: f.update(zip(['opd0_n_str','opd0_c_str','opd0_h_str','opd0_w_str'],st))
    put(pre,rng,r,a,st,xs,p,prof)
    if rng.random()<.1: f['opd1_const']=1; f['opd1_addr']=const_of(rng,r,p,0)
    else:
        P={1:64,2:32,4:1}[SZ[p]]; L=al(ic,P)*kh*kw*up(l0+oc,64); a=A.new(L*SZ[p],l0); f['opd1_addr']=a
        for l in range(64):
            if oc+l0<64 and not(l0<=l<l0+oc): continue
            pre.append(('L',l*LANE+a%LANE,rnd_data(rng,r,p,L,prof)))
    d2=I8 if (p==I8 and eu==0) else I16 if p==I8 else F32
    if (p==I8 and eu) or rng.random()<.5: f['opd2_const']=1; f['opd2_addr']=0 if rng.random()<.6 else const_of(rng,r,d2,0)
    else: a=A.new(64,l0,4); f['opd2_addr']=a; compact_put(pre,rng,r,a,oc,l0,d2)
    if p==I8 and eu:
        if True: f['opd3_const']=1; f['opd3_addr']=rng.randint(0,20)
        else: a=A.new(64,l0,4); f['opd3_addr']=a; compact_put(pre,rng,r,a,oc,l0,I8,data=lambda L:r.integers(0,20,L).astype(np.uint8).tobytes())
    else:
        if rng.random()<.7: f['opd3_const']=1; f['opd3_addr']=0 if rng.random()<.7 else const_of(rng,r,p,0)
        else: a=A.new(1024,0,4); f['opd3_addr']=a; compact_put(pre,rng,r,a,ic,0,p,2)
    return 0,enc_tiu(rng,'CONV','sCONV',f,1.0),pre,f'CONV.{eu}'
def g_pord(rng,r):
    eu=rng.choice([0,0,1,1,2,4,4]); p=rng.choice([I8,I8,F16,BF16,F32])
    while 1:
        n=rng.choice([1,1,2]); c=rng.choice([1,3,rng.randint(1,80)]); kh=rng.choice([1,2,3]); kw=rng.choice([1,2,3,kh]); ih=rng.randint(1,8); iw=rng.randint(1,8); sy=rng.choice([1,1,2,3]); sx=rng.choice([1,1,2])
        dy=rng.choice([0,0,0,1]) ; dx=rng.choice([0,0,0,1]); iy=rng.choice([0,0,0,1]); ix=rng.choice([0,0,0,1]); pads=[rng.choice([0,0,1,2]) for _ in range(4)]
        if eu in(1,4): dy=dx=0; iy=ix=0 if eu==4 else ix
        H=(ih-1)*(iy+1)+1+pads[0]+pads[1]; W=(iw-1)*(ix+1)+1+pads[2]+pads[3]; KH=(kh-1)*(dy+1)+1; KW=(kw-1)*(dx+1)+1
        if H<KH or W<KW: continue
        oh=(H-KH)//sy+1; ow=(W-KW)//sx+1
        if n*c*oh*ow<=400 and c*ih*iw*n<=1500: break
    f=base(rng,1,eu); A=Alloc(rng); pre=[]; prof=rng.choice([0,0,None,2]); l0=rng.choice([0,0,rng.randrange(64)])
    pr=p if p!=I8 or eu==4 else rng.choice([I8,I16,I32])
    if eu==4: pr=p
    f.update(opd0_sign=rng.randrange(2),opd1_sign=rng.randrange(2),opd2_sign=rng.randrange(2),res0_prec=pr,opd0_prec=p,res0_n=n,res0_c=c,res0_h=oh,res0_w=ow,opd0_h=ih,opd0_w=iw,opd1_h=kh,opd1_w=kw,res_op_y_str=sy,res_op_x_str=sx,opd1_y_ins0=dy,opd1_x_ins0=dx,opd0_y_ins0=iy,opd0_x_ins0=ix,opd0_up_pad=pads[0],opd0_dn_pad=pads[1],opd0_lf_pad=pads[2],opd0_rt_pad=pads[3],kernel_rotate=rng.choice([0,0,1]) if eu in(0,2) else 0)
    pad_mode(rng,f)
    rs=(n,c,oh,ow); f['res0_addr']=A.new(span(strides(0,rs,pr,l0),rs,l0)*SZ[pr],l0)
    xs=(n,c,ih,iw); st=strides(0,xs,p,l0); a=A.new(span(st,xs,l0)*SZ[p],l0); f['opd0_addr']=a; put(pre,rng,r,a,st,xs,p,prof)
    if eu==1:
        f['opd1_const']=1; f['opd1_addr']=const_of(rng,r,p,0) if p in FLOATS else rng.choice([1,1,3])
    elif eu!=4:
        if rng.random()<.2: f['opd1_const']=1; f['opd1_addr']=const_of(rng,r,p,0)
        else: a=A.new(kh*kw*SZ[p]*3,l0); f['opd1_addr']=a; compact_put(pre,rng,r,a,c,l0,p,kh*kw,0)
        d2=I32 if p==I8 else p
        if rng.random()<.5: f['opd2_const']=1; f['opd2_addr']=0 if rng.random()<.5 else const_of(rng,r,d2,0)
        else: a=A.new(64,l0); f['opd2_addr']=a; compact_put(pre,rng,r,a,c,l0,d2)
    if p==I8 and eu!=4: f['res1_addr']=rng.choice([0,0,-1,-4,-9,2])&255; f['opd2_n_str']=rng.choice([0,1,2,3,4,5,6])
    if rng.random()<.7: f['opd3_const']=1; f['opd3_addr']=0 if rng.random()<.6 else const_of(rng,r,p,0)
    else: a=A.new(1024,l0,4); f['opd3_addr']=a; compact_put(pre,rng,r,a,c,l0,p,2)
    return 0,enc_tiu(rng,'PorD','sPorD',f,1.0),pre,f'PORD.{eu}'
def g_mm(rng,r):
    p=rng.choice([F32,F32,I8,I16]); eu=1 if p!=I8 else rng.choice([1,2,3]); f=base(rng,2,eu); A=Alloc(rng); pre=[]; prof=rng.choice([0,None,2])
    M=rng.randint(1,9); K=rng.randint(1,40); c1=rng.randint(1,8); w1=rng.randint(1,9); N=c1*w1; w0=rng.randint(1,min(K,16)); lt=rng.choice([0,0,1]) 
    Rr,Cc=(K,M) if lt else (M,K); w0=min(w0,Cc); c0=up(Cc,w0)
    pr=F32 if p==F32 else rng.choice([I8,I16,I32]) if p==I8 and eu==1 else rng.choice([I8,I16])
    f.update(left_tran=lt,res_add=rng.choice([0,0,1]) if pr in(F32,I32) else 0,opd0_sign=rng.randrange(2),opd1_sign=rng.randrange(2),opd2_sign=rng.randrange(2),res0_prec=pr,opd0_prec=p,res0_c=c1,res0_w=w1,opd0_n=Rr,opd0_c=c0,opd0_w=w0,opd1_w=Cc-(c0-1)*w0,opd2_n_str=rng.randrange(7))
    rs=(M,c1,1,w1); st=strides(0,rs,pr); a=A.new(span(st,rs,0)*SZ[pr]); f['res0_addr']=a; put(pre,rng,r,a,st,rs,pr,0)
    s0=(Rr,c0,1,w0); st=strides(0,s0,p); a=A.new(span(st,s0,0)*SZ[p]); f['opd0_addr']=a; put(pre,rng,r,a,st,s0,p,prof)
    s1=(K,c1,1,w1); st=strides(0,s1,p); a=A.new(span(st,s1,0)*SZ[p]); f['opd1_addr']=a; put(pre,rng,r,a,st,s1,p,prof)
    d2=F32 if p==F32 else I16
    if rng.random()<.5: f['opd2_const']=1; f['opd2_addr']=const_of(rng,r,d2,0)
    else: s2=(1,c1,1,w1); st=strides(0,s2,d2); a=A.new(1024); f['opd2_addr']=a; put(pre,rng,r,a,st,s2,d2,0)
    f['opd3_addr']=rng.randint(0,15)
    return 0,enc_tiu(rng,'MM','sMM',f,1.0),pre,f'MM.{eu}'
def g_mm2(rng,r):
    p=rng.choice([F16,F16,BF16,I8,I8]); eu=rng.choice([4,4,5,5]); f=base(rng,2,eu); A=Alloc(rng); pre=[]; prof=rng.choice([0,0,None,2])
    M=rng.randint(1,66); K=rng.choice([1,5,32,33,rng.randint(1,70)]); N=rng.randint(1,20)
    pr=I32 if p==I8 else rng.choice([p,p,F32])
    f.update(res_add=rng.choice([0,0,1]) if pr in(F32,I32) else 0,opd0_sign=rng.randrange(2),opd1_sign=rng.randrange(2),res0_prec=pr,opd0_prec=p,res0_c=M,res0_w=N,opd1_c=K if eu==4 else N,opd1_w=N if eu==4 else K)
    rs=(1,M,1,N); st=strides(0,rs,pr); a=A.new(span(st,rs,0)*SZ[pr]); f['res0_addr']=a; put(pre,rng,r,a,st,rs,pr,0)
    s0=(1,M,1,K); st=strides(0,s0,p); a=A.new(span(st,s0,0)*SZ[p]); f['opd0_addr']=a; put(pre,rng,r,a,st,s0,p,prof)
    s1=(1,K,1,N) if eu==4 else (1,N,1,K); st=strides(0,s1,p); a=A.new(span(st,s1,0)*SZ[p]); f['opd1_addr']=a; put(pre,rng,r,a,st,s1,p,prof)
    if p==I8:
        if rng.random()<.5: f['opd2_const']=1; f['opd2_addr']=const_of(rng,r,I8,0)
        else: s2=(1,64,1,N); st=strides(0,s2,I8); a=A.new(1024); f['opd2_addr']=a; d=rnd_data(rng,r,I8,N); pre+= [('L',l*LANE+a,d) for l in range(64)]
    else: f['opd2_const']=1
    return 0,enc_tiu(rng,'MM2','sMM2',f,1.0),pre,f'MM2.{eu}'
def g_mm2tt(rng,r):
    """result (M x N) = right (M x K) times left (K x N); the list of zero points is tried as N a lane"""
    p=rng.choice([F16,F16,BF16,I8,I8]); f=base(rng,2,6); A=Alloc(rng); pre=[]; prof=rng.choice([0,0,None,2])
    M=rng.randint(1,66); K=rng.choice([1,5,32,33,rng.randint(1,70)]); N=rng.randint(1,20)
    pr=I32 if p==I8 else rng.choice([p,p,F32])
    f.update(res_add=rng.choice([0,0,1]) if pr in(F32,I32) else 0,opd0_sign=rng.randrange(2),opd1_sign=rng.randrange(2),res0_prec=pr,opd0_prec=p,res0_c=M,res0_w=N,opd1_c=M,opd1_w=K)
    rs=(1,M,1,N); st=strides(0,rs,pr); a=A.new(span(st,rs,0)*SZ[pr]); f['res0_addr']=a; put(pre,rng,r,a,st,rs,pr,0)
    s0=(1,K,1,N); st=strides(0,s0,p); a=A.new(span(st,s0,0)*SZ[p]); f['opd0_addr']=a; put(pre,rng,r,a,st,s0,p,prof)
    s1=(1,M,1,K); st=strides(0,s1,p); a=A.new(span(st,s1,0)*SZ[p]); f['opd1_addr']=a; put(pre,rng,r,a,st,s1,p,prof)
    if p==I8:
        if rng.random()<.5: f['opd2_const']=1; f['opd2_addr']=const_of(rng,r,I8,0)
        else: a=A.new(1024); f['opd2_addr']=a; pre+= [('L',l*LANE+a,rnd_data(rng,r,I8,128)) for l in range(64)]
    else: f['opd2_const']=1
    return 0,enc_tiu(rng,'MM2','sMM2',f,1.0),pre,'MM2.6'
GM=0x100000000
def g_dma(rng,r):
    t=rng.choice(['tensor','tensor','tensor','matrix','matrix','general','cw','gather','scatter','nonzero','select'])
    fmt=rng.choice([I8,F16,F32]); z=SZ[fmt]; pre=[]; f=dict(cmd_id=rng.randrange(1,999),cmd_id_dep=rng.randrange(999),src_data_format=fmt,localmem_mask_l32=0xffffffff,localmem_mask_h32=0xffffffff)
    if rng.random()<.1: f['localmem_mask_l32']=rng.getrandbits(32)
    Z=I8 if z==1 else I16 if z==2 else I32
    nm={'tensor':'DMA_tensor','matrix':'DMA_matrix','general':'DMA_general','cw':'DMA_cw_transpose','gather':'DMA_gather','scatter':'DMA_scatter','nonzero':'DMA_nonzero','select':'DMA_masked_select'}[t]
    f['cmd_type']={'tensor':0,'matrix':1,'select':2,'general':3,'cw':4,'nonzero':5,'gather':7,'scatter':8}[t]
    n=rng.randint(1,3); c=rng.choice([1,3,rng.randint(1,80)]); h=rng.randint(1,4); w=rng.randint(1,16)
    while n*c*h*w>500: c=rng.randint(1,30); w=rng.randint(1,10)
    def put_g(off,nel): pre.append(('G',off,rnd_data(rng,r,Z,nel)))
    def seta(k,a):
        if t=='matrix': f[k+'_start_addr_h32']=a&0xffffffff; f[k+'_start_addr_l8']=a>>32
        else: f[k+'_start_addr_l32']=a&0xffffffff; f[k+'_start_addr_h8']=a>>32
    def side(isl,sh,A):
        lane0=rng.choice([0,0,rng.randrange(64)]) if isl else 0
        if isl:
            st=list(strides(rng.choice([0,1]),sh,fmt,lane0)); 
            if rng.random()<.2: st[2]+=rng.randint(0,3); st[1]=st[2]*sh[2]; st[0]=st[1]*up(lane0+sh[1],64)
            return 0x8000000+lane0*LANE+A,tuple(st),lane0
        st=[0,0,0,1]; st[2]=sh[3]+rng.choice([0,0,2]); st[1]=st[2]*sh[2]+rng.choice([0,0,3]); st[0]=st[1]*sh[1]
        return GM+A*4,tuple(st),0
    sl,dl=rng.choice([(0,1),(1,0),(1,1),(0,0),(0,1),(1,0)])
    if t in('tensor','cw'):
        fn=rng.choice([0,0,0,1,3]) if t=='tensor' else 0
        f['cmd_special_function']=fn; ss=(n,c,h,w); ds=(c,n,h,w) if fn==1 else (n,w,h,c) if t=='cw' else (n,rng.randint(1,64),h,w) if fn==3 else ss
        if fn==3: ss=(n,1,h,w); dl=1
        fill=rng.random()<.15 and fn!=3
        sa,sst,s0=side(sl,ss,16384); da,dst,d0=side(dl,ds,131072)
        seta('src',sa); seta('dst',da); f.update(stride_enable=1,nchw_copy=1 if fn==0 and t=='tensor' else 0)
        f.update(zip(['src_nsize','src_csize','src_hsize','src_wsize'],ss)); f.update(zip(['dst_nsize','dst_csize','dst_hsize','dst_wsize'],ds))
        f.update(zip(['src_nstride','src_cstride','src_hstride','src_wstride'],sst)); f.update(zip(['dst_nstride','dst_cstride','dst_hstride','dst_wstride'],dst))
        if fill: f['fill_constant_en']=1; f['constant_value']=const_of(rng,r,fmt)
        elif sl: put(pre,rng,r,s0*LANE+16384,sst,ss,Z)
        else: put_g(16384*4,span(sst,ss,0)+sst[0]*0+sst[1]*(ss[1]-1)+1)
    elif t=='matrix':
        R=rng.randint(1,12); C=rng.randint(1,40); tr=rng.choice([0,0,1]); f['cmd_special_function']=tr; rr,cc=(C,R) if tr else (R,C); wl=rng.randint(1,cc); k=up(cc,wl)
        gst=C+rng.choice([0,0,3]); cs=al(wl,64//z); ns=up(k,64)*cs; l2g=rng.random()<.5
        la=0x8000000+16384; ga=GM+65536
        f['stride_enable']=1
        g,l=('dst','src') if l2g else ('src','dst')
        f.update({g+'_hsize':R,g+'_wsize':C,g+'_hstride':gst,g+'_nsize':1,g+'_csize':1,l+'_nsize':rr,l+'_csize':k,l+'_wsize':wl,l+'_hsize':1,l+'_nstride':ns,l+'_cstride':cs,'src_wstride':1,'dst_wstride':1})
        seta(g,ga); seta(l,la)
        if l2g: put(pre,rng,r,16384,(ns,cs,wl,1),(rr,k,1,wl),Z)
        else: put_g(65536,R*gst)
    elif t=='general':
        L=rng.randint(1,2000); bc=rng.random()<.4; sa,sst,s0=side(sl,(1,1,1,L),16384); 
        if bc: dl=1
        da,dst,d0=side(dl,(1,1,1,L),131072)
        f['src_cstride_move_length']=L; f['cmd_special_function']=int(bc); f['dst_csize']=rng.randint(1,64-d0) if bc else 1
        seta('src',sa); seta('dst',da)
        if rng.random()<.15: f['fill_constant_en']=1; f['constant_value']=const_of(rng,r,fmt)
        elif sl: pre.append(('L',s0*LANE+16384,rnd_data(rng,r,Z,L)))
        else: put_g(65536,L)
    elif t in('gather','scatter'):
        H=rng.randint(1,12); k=rng.randint(1,12); c=rng.randint(1,6); w=rng.randint(1,9); ic=rng.choice([1,c])
        f.update(stride_enable=1)
        f.update(src_csize=c,src_hsize=H if t=='gather' else k,src_wsize=w,dst_csize=c,dst_hsize=k if t=='gather' else H,dst_wsize=w,index_csize=ic,index_hsize=k)
        ss=(1,c,f['src_hsize'],w); ds=(1,c,f['dst_hsize'],w)
        sa,sst,s0=side(0,ss,16384); da,dst,d0=side(0,ds,131072)
        f.update(src_cstride=sst[1],src_hstride=sst[2],dst_cstride=dst[1],dst_hstride=dst[2],index_cstride=k,index_hstride=1,constant_value=const_of(rng,r,fmt))
        seta('src',sa); seta('dst',da); seta('index',GM+200000)
        idx=r.integers(0,H+(1 if t=='gather' else 0),ic*k).astype(np.uint32); pre.append(('G',200000,idx.tobytes())); put_g(65536,sst[1]*c+w)
    elif t=='nonzero':
        f.update(src_nsize=n,src_csize=c,src_hsize=h,src_wsize=w,index_data_format=I32,dst_nsize=n,dst_csize=c,dst_hsize=h,dst_wsize=w); f['dst_nstride_base_i']=rng.choice([0,0,5])
        seta('src',GM+65536); seta('dst',GM+524288); d=(r.integers(0,3,n*c*h*w)).astype({1:np.uint8,2:np.uint16,4:np.uint32}[z]); pre.append(('G',65536,d.tobytes()))
    else:
        mf=rng.choice([I8,F16,F32]); f.update(src_nsize=n,src_csize=c,src_hsize=h,src_wsize=w,mask_data_format=mf,dst_nsize=n,dst_csize=c,dst_hsize=h,dst_wsize=w)
        f['mask_start_addr_l32']=200000&0xffffffff; f['mask_start_addr_h8']=1; f['mask_start_addr_l32']=200000
        seta('src',GM+65536); seta('dst',GM+524288); put_g(65536,n*c*h*w); d=(r.integers(0,2,n*c*h*w)).astype({1:np.uint8,2:np.uint16,4:np.uint32}[SZ[mf]]); pre.append(('G',200000,d.tobytes()))
    return 1,encode(nm,f),pre,f'DMA.{t}.{f.get("cmd_special_function",0)}'
def g_rows(rng,r):
    """gather and scatter without strides: every side dense, or aligned in local memory"""
    t=rng.choice(['gather','scatter']); fmt=rng.choice([I8,F16,F32]); pre=[]; f=dict(cmd_id=rng.randrange(1,999),src_data_format=fmt,localmem_mask_l32=0xffffffff,localmem_mask_h32=0xffffffff)
    H=rng.randint(1,12); k=rng.randint(1,12); c=rng.choice([1,3,rng.randint(1,70)]); w=rng.randint(1,9); ic=rng.choice([1,c])
    f.update(cmd_type=7 if t=='gather' else 8,src_csize=c,src_hsize=H if t=='gather' else k,src_wsize=w,dst_csize=c,dst_hsize=k if t=='gather' else H,dst_wsize=w,index_csize=ic,index_hsize=k,constant_value=const_of(rng,r,fmt))
    idx=r.integers(0,H+(1 if t=='gather' else 0),(ic,k)).astype(np.uint32)
    for side,shape,prec,at in (('src',(1,c,f['src_hsize'],w),fmt,0x1000),('dst',(1,c,f['dst_hsize'],w),fmt,0x8000),('index',(1,ic,k,1),I32,0x10000)):
        space=rng.choice('GL' if side!='index' else 'GLC'); base_of={'G':GM,'L':0x08000000,'C':0x10000000}[space]; a=base_of+at
        f[side+'_start_addr_l32']=a&0xffffffff; f[side+'_start_addr_h8']=a>>32
        if side=='dst': continue
        if space=='L' and side=='src': put(pre,rng,r,at,strides(0,shape,prec),shape,prec,None)
        elif space=='L': pre+=[('L',(i%64)*LANE+at+i//64*al(k,16)*4,idx[i].tobytes()) for i in range(ic)]
        else: pre.append((space,at,idx.tobytes() if side=='index' else rnd_data(rng,r,prec,c*shape[2]*w)))
    return 1,encode('DMA_'+t,f),pre,'DMA.%s.dense'%t
def g_sg(rng,r):
    eu=rng.choice([13,14,5,6]); p=rng.choice([I8,F16,F32]); q=rng.choice([I8,I16]); f=base(rng,6,eu); A=Alloc(rng); pre=[]
    n=rng.randint(1,3); c=rng.choice([1,5,rng.randint(1,66)]); wi=rng.randint(1,30); k=rng.randint(1,30); Z=I8 if p==I8 else I16 if p==F16 else I32
    sc=eu in(6,14)
    w=wi if sc else k
    f.update(res0_n=n,res0_c=c,res0_h=1,res0_w=w,opd0_h=1,opd0_w=k if sc else wi,opd1_c=c,opd1_w=k,res0_prec=p,opd0_prec=p,opd1_prec=q,opd0_str=rng.choice([0,0,4]))
    rs=(n,c,1,w); st=strides(0,rs,p); a=A.new(span(st,rs,0)*SZ[p]); f['res0_addr']=a
    s0=(1,c,1,f['opd0_w']); st=strides(0,s0,p); a=A.new(1024); f['opd0_addr']=a; put(pre,rng,r,a,st,s0,Z)
    s1=(n,c,1,k); st=strides(0,s1,q); a=A.new(span(st,s1,0)*SZ[q]); f['opd1_addr']=a
    for l in range(min(64,c)): pre.append(('L',l*LANE+a%LANE,r.integers(0,wi,span(st,s1,0)).astype({1:np.uint8,2:np.uint16}[SZ[q]]).tobytes()))
    return 0,enc_tiu(rng,'SG','sSG',f,1.0),pre,f'SG.{eu}'
GEN=dict(AR=g_ar,CMP=g_cmp,LIN=g_lin,SFU=g_sfu,VC=g_vc,RQDQ=g_rqdq,TBC=g_trans,CONV=g_conv,PORD=g_pord,MM=g_mm,MM2=g_mm2,MM2TT=g_mm2tt,ROWS=g_rows,DMA=g_dma,SG=g_sg)

def record(a):
    from cmodel_step import Model, pack_patches
    m=Model(); rng=random.Random(a.seed); r=np.random.default_rng(a.seed); ops=a.ops.split(',') if a.ops else [o for o in GEN if o not in ('MM2TT','ROWS')]
    wt=dict(AR=6,CONV=4,PORD=3,DMA=4,MM=2,MM2=2,RQDQ=3,TBC=2,SFU=2,VC=2,CMP=1,LIN=1,SG=1)
    ops=[o for o in ops for _ in range(wt.get(o,1))]
    out=[]; cnt=Counter(); rej=Counter()
    while len(out)<a.n:
        g=rng.choice(ops)
        try: e,c,pre,tag=GEN[g](rng,r)
        except AssertionError: continue
        if sum(len(d) for _,_,d in pre)>14000: continue
        post=m.stable_case(e,c,pre)
        if post is None or not post: rej[tag]+=1; continue
        t=tag.encode(); out.append(struct.pack('<B',len(t))+t+struct.pack('<BH',e,len(c))+c+pack_patches(pre)+pack_patches(join(post,m,pre))); cnt[tag]+=1
    b=b'BMV1'+struct.pack('<I',len(out))+b''.join(out)
    with lzma.open(a.out,'wb',preset=9|lzma.PRESET_EXTREME) as f: f.write(b)
    print(len(out),'vectors',os.path.getsize(a.out),'bytes'); print(dict(sorted(cnt.items()))); print('rejected',dict(sorted(rej.items())))
def join(post,m,pre):
    """merge runs separated by fewer than 9 unchanged bytes"""
    img={}
    o=[]
    for s,a,d in post:
        if o and o[-1][0]==s and a-(o[-1][1]+len(o[-1][2]))<9 and s=='L':
            ls,la,ld=o[-1]; gap=bytearray(m.bg[la+len(ld):a].tobytes())
            for ps,pa,pd in pre:
                lo,hi=max(pa,la+len(ld)),min(pa+len(pd),a)
                if ps=='L' and lo<hi: gap[lo-la-len(ld):hi-la-len(ld)]=pd[lo-pa:hi-pa]
            o[-1]=(ls,la,ld+bytes(gap)+d)
        else: o.append((s,a,d))
    return o
def load(fn):
    from cmodel_step import unpack_patches
    b=lzma.open(fn).read(); assert b[:4]==b'BMV1'; n,=struct.unpack_from('<I',b,4); o=8
    for _ in range(n):
        l=b[o]; tag=b[o+1:o+1+l].decode(); o+=1+l; e,cl=struct.unpack_from('<BH',b,o); o+=3; c=b[o:o+cl]; o+=cl
        pre,o=unpack_patches(b,o,True); post,o=unpack_patches(b,o,True); yield tag,e,c,pre,post
def check(fn):
    from cmodel_step import Model
    m=Model(); ok=Counter(); bad=Counter()
    for tag,e,c,pre,post in load(fn):
        q=m.case(e,c,pre); q=None if q is None else join(q,m,pre)
        (ok if q==post else bad)[tag]+=1
    print('same',sum(ok.values()),'different',sum(bad.values()),dict(bad)); return not bad
if __name__=='__main__':
    p=argparse.ArgumentParser(); p.add_argument('--seed',type=int,default=1); p.add_argument('--n',type=int,default=100); p.add_argument('--ops'); p.add_argument('--padding',action='store_true'); p.add_argument('--out',default='vectors.bin.xz'); p.add_argument('--check'); p.add_argument('--list')
    a=p.parse_args()
    if a.check: sys.exit(0 if check(a.check) else 1)
    if a.list: print(dict(Counter(x[0] for x in load(a.list)))); sys.exit(0)
    PADDING=a.padding
    record(a)
